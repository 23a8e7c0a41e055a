"""The form of a check of the audit, and what the queries of several have in common."""

from __future__ import annotations

from dataclasses import dataclass

from include.quality.checks import Severity
from include.warehouse.model.declaration import Dimension, Fact


@dataclass(frozen=True)
class AuditCheck:
    """Something that must hold of one table.

    :param relation: table of history, or view of the star, without its schema.
    :param meaning: what a row that breaks it is.
    :param broken: query for the keys of the rows that break it, each column with a name of its own.
    """

    check_id: str
    relation: str
    meaning: str
    broken: str
    severity: Severity = Severity.CRITICAL


def row_keys(table: Dimension | Fact, alias: str = "h") -> str:
    """What names a row of a table in a report: its scope and its own key."""
    names = dict.fromkeys((table.scope_key, table.identity))
    return ", ".join(f"{alias}.{name}" for name in names)


def is_described(table: Dimension | Fact) -> str:
    """SQL that is true of versions described by a scope: special members have one that none describes."""
    return f"h.{table.identity} > 0" if isinstance(table, Dimension) else "true"
