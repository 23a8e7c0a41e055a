"""The forms of connections: fields beside address, name and key, by type of connection."""

from __future__ import annotations

from typing import Any

_OPTIONAL_NUMBER = {"type": ["integer", "null"], "minimum": 0}
#: The form of a connection: fields beside address, name and key.
IMMPORT_FIELDS: dict[str, Any] = {
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
PUBLIC_FIELDS = {
    name: IMMPORT_FIELDS[name]
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
IMPC_FIELDS = PUBLIC_FIELDS | {
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
DRS_FIELDS = PUBLIC_FIELDS | {
    "allow_http": IMMPORT_FIELDS["allow_http"],
    "resolver": {
        "label": "Resolver of compact identifiers",
        "description": "https://n2t.net, or https://registry.api.identifiers.org/restApi. Without one, URIs"
        " such as drs://drs.42:314159 are refused.",
        "schema": {"type": ["string", "null"]},
    },
}
#: Those of a connection to a FHIR server.
FHIR_FIELDS = PUBLIC_FIELDS | {
    "page_size": {**IMPC_FIELDS["page_size"], "description": "Resources of one page."},
    "allow_http": IMMPORT_FIELDS["allow_http"],
}
#: Those of a connection that sends data.
UPLOAD_FIELDS: dict[str, Any] = {
    "workspace_id": {
        "label": "Number of the workspace",
        "description": "Packages go to this workspace and to no other.",
        "schema": {"type": ["string", "null"]},
    },
    "workspace_name": {
        "label": "Name of the workspace",
        "description": "If given, nothing is sent unless the workspace has this name.",
        "schema": {"type": ["string", "null"]},
    },
    "updater_host": {
        "label": "Address of the batch updater",
        "description": "Empty for ImmPort's own; of another upload service, for that one.",
        "schema": {"type": ["string", "null"]},
    },
    "expires_at": IMMPORT_FIELDS["expires_at"],
    "timeout": IMMPORT_FIELDS["timeout"],
    "max_answer_seconds": {
        "label": "Longest upload (seconds)",
        "description": "From the connection to the answer; the package goes out within it.",
        "schema": {**_OPTIONAL_NUMBER, "minimum": 1, "default": 21_600},
    },
    "status_seconds": {
        "label": "Seconds between questions",
        "description": "From one question for the status of a ticket to the next.",
        "schema": {**_OPTIONAL_NUMBER, "minimum": 1, "default": 60},
    },
    "max_retries": {
        "label": "Retries",
        "description": "How often a question is asked again within a task. A package is never sent again.",
        "schema": {**_OPTIONAL_NUMBER, "default": 5},
    },
    "calls_per_second": IMMPORT_FIELDS["calls_per_second"],
    "allow_http": IMMPORT_FIELDS["allow_http"],
}
