"""Whether all rows came: what was staged against another count of the same rows."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from include.quality.checks import Severity
from include.quality.outcome import Finding
from include.sources.endpoint import Endpoint, snake_case
from include.sources.source import Source
from include.warehouse.load.staging_tables import StagedTables
from include.warehouse.schema.ops_tables import STAGED
from include.warehouse.schema.statements import run_sql


def compare_counts(connection: sa.Connection, source: Source, tables: StagedTables) -> Iterator[Finding]:
    """One finding for each endpoint that was requested in parts, or whose rows were counted elsewhere: by the
    caller, or by the source itself."""
    found = connection.execute(
        sa.select(STAGED).where(STAGED.c.load_id == tables.load_id, STAGED.c.pieces > 0)
    )
    for row in found.all():
        endpoint = source.endpoints[row.endpoint]
        yield from _stated(connection, source, tables, endpoint)
        if row.pieces > 1:
            yield _split_whole(connection, tables, endpoint, row)
        elif row.rows_expected is not None:
            yield _counted(row)


def _split_whole(connection: sa.Connection, tables: StagedTables, endpoint: Endpoint, row: sa.Row) -> Finding:
    """Parts must not overlap, and together have as many rows as another count reports."""
    key = ", ".join(f"coalesce({column}, '')" for column in endpoint.key_columns)
    distinct = run_sql(
        connection, f"select count(distinct ({key})) from {tables.rows(endpoint)} s"
    ).scalar_one()
    doubled = row.rows_staged - distinct
    if row.rows_expected is None:
        counts = f"{row.rows_received} rows in {row.pieces} parts, and nothing to compare them with"
        return Finding(endpoint.name, "split_whole", Severity.CRITICAL, False, 0, counts)
    missing = abs(row.rows_expected - row.rows_received)
    counts = (
        f"{row.rows_received} rows in {row.pieces} parts, {doubled} under a key that is there already;"
        f" {row.rows_expected} by another count ({row.expected_from})"
    )
    is_whole = not doubled and not missing
    return Finding(endpoint.name, "split_whole", Severity.CRITICAL, is_whole, max(doubled, missing), counts)


def _stated(
    connection: sa.Connection, source: Source, tables: StagedTables, endpoint: Endpoint
) -> Iterator[Finding]:
    """The source states how many rows there are, those sent twice counted once. Where it states no number,
    there is nothing to compare."""
    home, field = endpoint.counted_by or ("", "")
    if home not in tables.filled:
        return
    number = f"btrim(h.{snake_case(field)})"
    keys = ", ".join(endpoint.key_value(name, "s") for name in endpoint.key_columns)
    stated, received = run_sql(
        connection,
        f"""select max(case when {number} ~ '^[0-9]{{1,18}}$' then {number}::bigint end),
                (select count(*) from (select distinct {keys} from {tables.rows(endpoint)} s) k)
            from {tables.rows(source.endpoints[home])} h""",
    ).one()
    if stated is not None:
        counts = f"{received} rows, {home} states {stated}"
        missing = abs(stated - received)
        yield Finding(endpoint.name, "stated_rows", Severity.CRITICAL, not missing, missing, counts)


def _counted(row: sa.Row) -> Finding:
    """None where some are counted would withdraw them all; another difference may be the view of the API."""
    counts = f"{row.rows_received} rows, {row.rows_expected} by another count ({row.expected_from})"
    if row.rows_expected and not row.rows_received:
        return Finding(row.endpoint, "unexpected_empty", Severity.CRITICAL, False, row.rows_expected, counts)
    differs = abs(row.rows_expected - row.rows_received)
    return Finding(row.endpoint, "rows_expected", Severity.WARNING, not differs, differs, counts)
