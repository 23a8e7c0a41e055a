"""What Airflow learns about this provider: its hook, its connection type and the form to fill in."""

from __future__ import annotations

from typing import Any

from immport_provider.connection_fields import (
    DRS_FIELDS,
    FHIR_FIELDS,
    IMMPORT_FIELDS,
    IMPC_FIELDS,
    PUBLIC_FIELDS,
    UPLOAD_FIELDS,
)


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
                    "immport_provider.hooks.submission.upload",
                ],
            },
        ],
        "sensors": [
            {
                "integration-name": "ImmPort",
                "python-modules": ["immport_provider.sensors.release", "immport_provider.sensors.ticket"],
            },
        ],
        "triggers": [
            {
                "integration-name": "ImmPort",
                "python-modules": [
                    "immport_provider.triggers.release",
                    "immport_provider.triggers.ticket",
                    "immport_provider.triggers.loads",
                ],
            },
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
                "conn-fields": IMMPORT_FIELDS,
            },
            _open(
                "immport_public",
                "immport_provider.hooks.public_files.PublicFilesHook",
                "ImmPort public files",
                "https://s3.immport.org",
                PUBLIC_FIELDS,
            ),
            _open(
                "ortholog_table",
                "immport_provider.hooks.reference.ortholog_table.OrthologTableHook",
                "Ortholog table",
                "https://www.informatics.jax.org",
                PUBLIC_FIELDS,
            ),
            _open(
                "impc",
                "immport_provider.hooks.impc.ImpcHook",
                "IMPC images",
                "https://www.ebi.ac.uk",
                IMPC_FIELDS,
                "Address of the Solr server",
            ),
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
                "conn-fields": DRS_FIELDS,
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
                "conn-fields": FHIR_FIELDS,
            },
            {
                "connection-type": "immport_upload",
                "hook-class-name": "immport_provider.hooks.submission.upload.ImmPortUploadHook",
                "hook-name": "ImmPort data upload",
                "ui-field-behaviour": {
                    "hidden-fields": ["login", "extra"],
                    "relabeling": {"host": "Address of the upload service", "password": "API key"},
                    "placeholders": {
                        "host": "https://immport-upload.niaid.nih.gov:8443",
                        "password": "a key of its own with the scope upload, or its JSON file",
                    },
                },
                "conn-fields": UPLOAD_FIELDS,
            },
        ],
    }


def _open(
    kind: str, hook: str, name: str, home: str, fields: dict[str, Any], address: str = "Address"
) -> dict[str, Any]:
    """The connection type of a source that is open to everybody: an address, and no credentials.

    :param home: address that an empty field stands for.
    :param address: what the form calls the address.
    """
    return {
        "connection-type": kind,
        "hook-class-name": hook,
        "hook-name": name,
        "ui-field-behaviour": {
            "hidden-fields": ["login", "password", "extra"],
            "relabeling": {"host": address},
            "placeholders": {"host": home},
        },
        "conn-fields": fields,
    }
