"""The tables of operations and of quality: what runs, loads, steps and checks write down."""

from __future__ import annotations

# Diagrams show the tables in this order.
# isort: off
from include.warehouse.schema.operations.run_tables import (
    ATTEMPT,
    CALL,
    LOAD,
    RUN,
    SCOPES,
    STEP,
    WORK,
)
from include.warehouse.schema.operations.load_tables import (
    CAPTURE,
    DRIFT,
    LEDGER,
    PACKAGE_SAMPLE,
    PACKAGE_TABLE,
    RELEASE_CHANGE,
    STAGED,
    UNREPORTED,
    VALIDATOR,
)
from include.warehouse.schema.operations.file_tables import (
    EXPORT,
    FILE_DOWNLOAD,
    RELEASE_FILE,
)
from include.warehouse.schema.operations.installation_tables import (
    CIRCUIT,
    FORMAT_VERDICT,
    SETTING,
)
from include.warehouse.schema.operations.dry_run_tables import (
    DRY_RUN,
    DRY_RUN_CHANGE,
    DRY_RUN_RULE,
    DRY_RUN_STATE,
)
from include.warehouse.schema.operations.alert_tables import (
    ALERT,
    ALERT_DELIVERY,
)
from include.warehouse.schema.operations.quality_tables import (
    AUDIT,
    CONTENT,
    QUARANTINE,
    QUARANTINE_GROUP,
    QUARANTINED_VALUE,
    RESULT,
)

from include.warehouse.schema.operations.validation_tables import (
    TEMPLATE_VERSION,
    VALIDATION,
    VALIDATION_FINDING,
)

# With those above it holds all tables of the warehouse: whoever needs all of them takes it from here.
from include.warehouse.schema.submission_tables import metadata

# isort: on

__all__ = [
    "ALERT",
    "ALERT_DELIVERY",
    "ATTEMPT",
    "AUDIT",
    "CALL",
    "CAPTURE",
    "CIRCUIT",
    "CONTENT",
    "DRIFT",
    "DRY_RUN",
    "DRY_RUN_CHANGE",
    "DRY_RUN_RULE",
    "DRY_RUN_STATE",
    "EXPORT",
    "FILE_DOWNLOAD",
    "FORMAT_VERDICT",
    "LEDGER",
    "LOAD",
    "PACKAGE_SAMPLE",
    "PACKAGE_TABLE",
    "QUARANTINE",
    "QUARANTINED_VALUE",
    "QUARANTINE_GROUP",
    "RELEASE_CHANGE",
    "RELEASE_FILE",
    "RESULT",
    "RUN",
    "SCOPES",
    "SETTING",
    "STAGED",
    "STEP",
    "TEMPLATE_VERSION",
    "UNREPORTED",
    "VALIDATION",
    "VALIDATION_FINDING",
    "VALIDATOR",
    "WORK",
    "metadata",
]
