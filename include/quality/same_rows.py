"""Verdicts on rows that were judged before: a check reads the rows of its endpoint, and may look into those
of another one. If all of them are those of the newest capture, by the same code, so is what it finds.

Counts are no such checks: rows of staging are counted for each load. Nor is what compares a load with others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from include.quality.checks import Check, Severity
from include.quality.outcome import Finding
from include.warehouse.load import unchanged
from include.warehouse.schema.ops_tables import RESULT


def known_findings(
    connection: sa.Connection, load_id: int, suites: Mapping[str, Sequence[Check]]
) -> dict[str, dict[str, Finding]]:
    """What checks of endpoints find, by endpoint and check, where that is known.

    Where rows or values were quarantined it is not: these would have to be found again.

    :param suites: the checks of each endpoint that has rows, by its name.
    """
    same = unchanged.same_rows(connection, load_id)
    if same is None:
        return {}
    recorded = sa.select(RESULT).where(RESULT.c.load_id == same.earlier.checked_as)
    results = {(row.endpoint, row.check_id): row for row in connection.execute(recorded)}
    found: dict[str, dict[str, Finding]] = {}
    for name in suites.keys() & same.rows.keys():
        for check in suites[name]:
            row = results.get((name, check.check_id))
            reads_the_same = check.mention is None or check.mention.home in same.rows
            if check.broken and reads_the_same and row and (row.success or _is_report(check)):
                finding = Finding(name, check.check_id, check.severity, row.success, row.unexpected_rows or 0)
                found.setdefault(name, {})[check.check_id] = finding
    return found


def _is_report(check: Check) -> bool:
    """Whether a broken check quarantines nothing."""
    return check.severity is Severity.WARNING and check.column is None
