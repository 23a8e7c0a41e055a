"""Whether columns of a package have the same content as in the package of another release of the study."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from include.quality.checks import Severity
from include.quality.outcome import Finding, JudgedLoad
from include.sources.package.column_samples import TableSample, moved_columns
from include.warehouse.load.package.package_findings import member_name
from include.warehouse.schema.ops_tables import LEDGER, LOAD, PACKAGE_SAMPLE
from include.warehouse.schema.scopes import of_scope


def columns_in_place(connection: sa.Connection, load: JudgedLoad) -> Iterator[Finding]:
    """One warning for each table of a package that the package of another release has rows of, too.

    It is compared with the newest published one up to its own release, else with the next one after it.
    """
    new = _samples(connection, load.load_id)
    other = _other_load(connection, load) if new else None
    if other is None:
        return
    load_id, release = other
    old = _samples(connection, load_id)
    for table in sorted(old.keys() & new.keys()):
        found = list(moved_columns(old[table], new[table]))
        detail = f"beside the package of {release}: " + ("; ".join(item.describe() for item in found))
        yield Finding(
            member_name(table),
            "columns_in_place",
            Severity.WARNING,
            not found,
            max((item.agree for item in found), default=0),
            detail if found else None,
        )


def _samples(connection: sa.Connection, load_id: int) -> dict[str, TableSample]:
    found = connection.execute(sa.select(PACKAGE_SAMPLE).where(PACKAGE_SAMPLE.c.load_id == load_id))
    return {
        row.table_name: TableSample(
            row.table_name, tuple(row.header), tuple(row.keys), tuple(map(tuple, row.cells))
        )
        for row in found
    }


def _other_load(connection: sa.Connection, load: JudgedLoad) -> tuple[int, str] | None:
    """The published load of a package to compare with, and its release."""
    distance = LEDGER.c.release_key - load.release_key
    found = connection.execute(
        sa.select(LEDGER.c.load_id, LOAD.c.release_version)
        .join(LOAD, LOAD.c.load_id == LEDGER.c.load_id)
        .where(
            of_scope(LEDGER, load.source, load.scope),
            LEDGER.c.load_id != load.load_id,
            sa.exists().where(PACKAGE_SAMPLE.c.load_id == LEDGER.c.load_id),
        )
        .order_by(distance > 0, sa.func.abs(distance), LEDGER.c.load_id.desc())
        .limit(1)
    ).one_or_none()
    return None if found is None else (found.load_id, found.release_version)
