"""The record of validations: one row per package that was checked, and one per finding."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from include.pipeline.submissions.ledger import MOST_LINES
from include.submission.validate import Validation
from include.warehouse.schema.ops_tables import VALIDATION, VALIDATION_FINDING

VALID, INVALID = "valid", "invalid"


def record(engine: sa.Engine, run_id: str, validation: Validation, known: Path | None = None) -> int:
    """Keep what came of checking a package; the number of the validation. A task that is tried again has one.

    :param known: the file of identifiers that the workspace has.
    """
    row = {
        "run_id": run_id,
        "package": validation.place.name,
        "place": str(validation.place),
        "known": None if known is None else str(known),
        "declaration": validation.declaration,
        "state": INVALID if validation.errors else VALID,
        "templates": len(validation.templates),
        "rows": validation.rows,
        "errors": validation.errors,
        "warnings": validation.warnings,
    }
    findings = [
        {
            "position": position,
            "template": finding.template,
            "file_name": finding.file,
            "line_number": finding.line,
            "column_name": finding.column,
            "value": finding.value,
            "rule": finding.rule,
            "severity": finding.severity,
            "message": finding.message,
            "fix": finding.fix,
        }
        for position, finding in enumerate(islice(validation.findings, MOST_LINES))
    ]
    with engine.begin() as connection:
        earlier = sa.select(VALIDATION.c.validation_id).where(VALIDATION.c.run_id == run_id)
        for table in (VALIDATION_FINDING, VALIDATION):
            connection.execute(sa.delete(table).where(table.c.validation_id.in_(earlier)))
        new = sa.insert(VALIDATION).values(row).returning(VALIDATION.c.validation_id)
        number: int = connection.execute(new).scalar_one()
        if findings:
            rows = [{"validation_id": number, **finding} for finding in findings]
            connection.execute(sa.insert(VALIDATION_FINDING), rows)
    return number
