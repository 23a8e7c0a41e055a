"""What Airflow learns about this provider: its hook, its connection type and the form to fill in."""

from __future__ import annotations

from typing import Any

_OPTIONAL_NUMBER = {"type": ["integer", "null"], "minimum": 0}
#: The form of a connection: fields beside address, name and key.
_FIELDS: dict[str, Any] = {
    "expires_at": {
        "label": "Key expires at",
        "description": "Only for a bare key: the expires_at ImmPort showed with it,"
        " such as 2026-05-21T20:55:24Z. The JSON key file says it by itself.",
        "schema": {"type": ["string", "null"]},
    },
    "timeout": {
        "label": "Timeout (seconds)",
        "description": "The longest silence in an answer, not the length of the answer.",
        "schema": {**_OPTIONAL_NUMBER, "minimum": 1, "default": 60},
    },
    "max_answer_seconds": {
        "label": "Longest answer (seconds)",
        "description": "From the connection to the last byte. A file goes on from where it stopped.",
        "schema": {**_OPTIONAL_NUMBER, "minimum": 1, "default": 3600},
    },
    "min_bytes_per_second": {
        "label": "Least rate (bytes per second)",
        "description": "An answer or file that comes more slowly, over as many seconds as the"
        " timeout has, is given up and tried again; 0 for no limit.",
        "schema": {**_OPTIONAL_NUMBER, "default": 1000},
    },
    "max_retries": {
        "label": "Retries",
        "description": "How often a timeout, a 429 or a 5xx is tried again within a task.",
        "schema": {**_OPTIONAL_NUMBER, "default": 5},
    },
    "page_size": {
        "label": "Page size",
        "description": "Studies per page of the study search.",
        "schema": {**_OPTIONAL_NUMBER, "minimum": 1, "default": 1000},
    },
    "calls_in_flight": {
        "label": "Calls at once",
        "description": "How many calls one task makes at once. How many tasks call ImmPort"
        " at once is the size of the pool immport_api.",
        "schema": {**_OPTIONAL_NUMBER, "minimum": 1, "default": 2},
    },
    "calls_per_second": {
        "label": "Calls per second",
        "description": "Calls that all tasks on a machine begin per second; 0 for no limit.",
        "schema": {"type": ["number", "null"], "minimum": 0, "default": 5},
    },
    "split_above_rows": {
        "label": "Split above (rows)",
        "description": "Results of a study that are known to be more are requested in parts.",
        "schema": {**_OPTIONAL_NUMBER, "minimum": 1, "default": 50_000},
    },
    "max_answer_mb": {
        "label": "Largest answer (MB)",
        "description": "An answer with results that grows larger is requested in parts.",
        "schema": {**_OPTIONAL_NUMBER, "minimum": 1, "default": 512},
    },
    "drs_address": {
        "label": "DRS service for files",
        "description": "Address of a GA4GH DRS service, such as https://drs.immport.org: files are requested"
        " there, with the same key. Empty for ImmPort's own route to files.",
        "schema": {"type": ["string", "null"]},
    },
    "allow_http": {
        "label": "Allow plain http",
        "description": "Sends the key unencrypted. Only for a stand-in on a private"
        " container network; ImmPort itself, and this machine, never need it.",
        "schema": {"type": ["boolean", "null"], "default": False},
    },
}

#: Those of a connection to public files, which has no key.
_PUBLIC_FIELDS = {
    name: _FIELDS[name]
    for name in (
        "timeout",
        "max_answer_seconds",
        "min_bytes_per_second",
        "max_retries",
        "calls_in_flight",
        "calls_per_second",
    )
} | {
    "allow_http": {
        "label": "Allow plain http",
        "description": "Takes files that somebody may have changed on their way. Only for a stand-in on a"
        " private container network.",
        "schema": {"type": ["boolean", "null"], "default": False},
    }
}

#: Those of a connection to IMPC.
_IMPC_FIELDS = _PUBLIC_FIELDS | {
    "page_size": {
        "label": "Page size",
        "description": "Documents of one request.",
        "schema": {**_OPTIONAL_NUMBER, "minimum": 1, "default": 1000},
    },
    "release_host": {
        "label": "Address of the metadata of releases",
        "description": "Where release_metadata.json of each release lies. Empty for IMPC's own; of another"
        " Solr server, for that server.",
        "schema": {"type": ["string", "null"]},
    },
    "file_host": {
        "label": "Address of the files of images",
        "description": "Where files of images are fetched. Empty for the hosts that IMPC names; of another"
        " Solr server, for that server.",
        "schema": {"type": ["string", "null"]},
    },
}

#: Those of a connection to a DRS service.
_DRS_FIELDS = _PUBLIC_FIELDS | {
    "allow_http": _FIELDS["allow_http"],
    "resolver": {
        "label": "Resolver of compact identifiers",
        "description": "https://n2t.net, or https://registry.api.identifiers.org/restApi. Without one, URIs"
        " such as drs://drs.42:314159 are refused.",
        "schema": {"type": ["string", "null"]},
    },
}
#: Those of a connection to a FHIR server.
_FHIR_FIELDS = _PUBLIC_FIELDS | {
    "page_size": {**_IMPC_FIELDS["page_size"], "description": "Resources of one page."},
    "allow_http": _FIELDS["allow_http"],
}


def get_provider_info() -> dict[str, Any]:
    """Provider metadata. Airflow reads it at every start, so nothing heavy is imported here."""
    return {
        "package-name": "immport-warehouse",
        "name": "ImmPort",
        "description": "ImmPort Shared Data: open immunology studies, release by release.",
        "integrations": [
            {
                "integration-name": "ImmPort",
                "external-doc-url": "https://docs.immport.org/",
                "tags": ["service"],
            }
        ],
        "hooks": [
            {
                "integration-name": "ImmPort",
                "python-modules": [
                    "immport_provider.hooks.immport",
                    "immport_provider.hooks.public_files",
                    "immport_provider.hooks.impc",
                    "immport_provider.hooks.drs.drs",
                    "immport_provider.hooks.reference.ortholog_table",
                    "immport_provider.hooks.fhir",
                ],
            },
        ],
        "sensors": [
            {"integration-name": "ImmPort", "python-modules": ["immport_provider.sensors.release"]},
        ],
        "triggers": [
            {"integration-name": "ImmPort", "python-modules": ["immport_provider.triggers.release"]},
        ],
        "notifications": ["immport_provider.notifications.webhook.WebhookNotifier"],
        "extra-links": [
            "immport_provider.links.StudyLink",
            "immport_provider.links.RunReportLink",
        ],
        "connection-types": [
            {
                "connection-type": "immport",
                "hook-class-name": "immport_provider.hooks.immport.ImmPortHook",
                "hook-name": "ImmPort",
                "ui-field-behaviour": {
                    "relabeling": {
                        "host": "ImmPort address",
                        "login": "User name (older accounts only)",
                        "password": "API key",
                    },
                    "placeholders": {
                        "host": "https://www.immport.org",
                        "login": "empty for an API key",
                        "password": "the key, or all of the JSON file ImmPort showed once (scope browse)",
                    },
                },
                "conn-fields": _FIELDS,
            },
            {
                "connection-type": "immport_public",
                "hook-class-name": "immport_provider.hooks.public_files.PublicFilesHook",
                "hook-name": "ImmPort public files",
                "ui-field-behaviour": {
                    "hidden-fields": ["login", "password", "extra"],
                    "relabeling": {"host": "Address"},
                    "placeholders": {"host": "https://s3.immport.org"},
                },
                "conn-fields": _PUBLIC_FIELDS,
            },
            {
                "connection-type": "ortholog_table",
                "hook-class-name": "immport_provider.hooks.reference.ortholog_table.OrthologTableHook",
                "hook-name": "Ortholog table",
                "ui-field-behaviour": {
                    "hidden-fields": ["login", "password", "extra"],
                    "relabeling": {"host": "Address"},
                    "placeholders": {"host": "https://www.informatics.jax.org"},
                },
                "conn-fields": _PUBLIC_FIELDS,
            },
            {
                "connection-type": "impc",
                "hook-class-name": "immport_provider.hooks.impc.ImpcHook",
                "hook-name": "IMPC images",
                "ui-field-behaviour": {
                    "hidden-fields": ["login", "password", "extra"],
                    "relabeling": {"host": "Address of the Solr server"},
                    "placeholders": {"host": "https://www.ebi.ac.uk"},
                },
                "conn-fields": _IMPC_FIELDS,
            },
            {
                "connection-type": "drs",
                "hook-class-name": "immport_provider.hooks.drs.drs.DrsHook",
                "hook-name": "GA4GH DRS",
                "ui-field-behaviour": {
                    "hidden-fields": ["extra"],
                    "relabeling": {
                        "host": "Address of the DRS service",
                        "login": "User name (Basic only)",
                        "password": "Bearer token, or password",
                    },
                    "placeholders": {"host": "https://drs.immport.org"},
                },
                "conn-fields": _DRS_FIELDS,
            },
            {
                "connection-type": "fhir",
                "hook-class-name": "immport_provider.hooks.fhir.FhirHook",
                "hook-name": "FHIR server",
                "ui-field-behaviour": {
                    "hidden-fields": ["extra"],
                    "relabeling": {
                        "host": "Address of the server, with its folder",
                        "login": "User name (of a server that wants one)",
                        "password": "Key or password (of a server that wants one)",
                    },
                    "placeholders": {
                        "host": "https://fhir.immport.org/fhir",
                        "login": "empty for a key",
                        "password": "sent as a bearer token; with a user name, as its password",
                    },
                },
                "conn-fields": _FHIR_FIELDS,
            },
        ],
    }
