"""Checks over several tables: too many rows quarantined, results that vanish, counts stated by a source."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from include.quality.checks import Severity
from include.quality.completeness import compare_counts
from include.quality.moved_columns import columns_in_place
from include.quality.outcome import Finding, JudgedLoad
from include.sources.endpoint import Endpoint
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.package.tables import NAMES
from include.sources.release import OPEN
from include.sql import literal
from include.warehouse.load import scd2, surrogate_keys
from include.warehouse.load.package.package_findings import PACKAGE_LINE, member_name
from include.warehouse.load.stage_answers import ENCODABLE
from include.warehouse.load.staging_tables import StagedTables
from include.warehouse.model.declaration import Dimension, Fact, Type
from include.warehouse.model.natural_keys import digest, natural_key
from include.warehouse.schema.ops_tables import PACKAGE_TABLE, QUARANTINE, STAGED
from include.warehouse.schema.statements import run_sql

#: Rows from which on a share is meaningful: of fewer, one row is a large share.
ENOUGH_ROWS = 50
#: Share of an endpoint's rows that may be quarantined before all of it is in doubt. Of few rows, as many may
#: be as of enough of them.
MAX_QUARANTINED = 0.1
#: Share of a fact's results that may vanish between two releases, once there are enough.
MAX_VANISHED = 0.2


def control_totals(
    connection: sa.Connection,
    load: JudgedLoad,
    counts: dict[str, int],
    known: Collection[str],
    accept_vanished: bool,
) -> Iterator[Finding]:
    """What no single table shows: too many rows quarantined, too many results missing since the last load.

    :param counts: staged rows by endpoint.
    :param known: endpoints that the load provides: the rows of others stay.
    """
    yield from _refused(connection, load)
    yield from _quarantine_share(connection, load, counts)
    yield from _conflicts(connection, load)
    tables = StagedTables(load.load_id, frozenset(name for name, rows in counts.items() if rows))
    yield from compare_counts(connection, load.model.source, tables)
    yield from columns_in_place(connection, load)
    homes = [item for item in load.model.dimensions if not item.shared]
    for dimension in homes:
        endpoint = dimension.endpoint or ""
        if counts.get(endpoint):
            foreign = _foreign_members(connection, load, tables, dimension)
            detail = f"{foreign} members are described by another {load.model.source.scope.name}"
            check_id = _check_id("home", dimension, homes)
            yield Finding(endpoint, check_id, Severity.CRITICAL, not foreign, foreign, detail)
    yield from _declared(declared_results(connection, tables), accept_vanished)
    for fact in _facts_with_rows(connection, load, known):
        before, gone = _vanished(connection, load, tables, fact)
        if before:
            kept = accept_vanished or before < ENOUGH_ROWS or gone / before <= MAX_VANISHED
            detail = f"{gone} of {before} results of the last release are gone"
            severity = Severity.WARNING if fact.may_shrink else Severity.CRITICAL
            check_id = _check_id("results_kept", fact, load.model.facts)
            yield Finding(fact.endpoint or "", check_id, severity, kept, gone, detail)


def _check_id(name: str, table: Dimension | Fact, tables: Sequence[Dimension | Fact]) -> str:
    """Name of a check of a table: of several that one endpoint makes, all but the first add their own."""
    first = next(item for item in tables if item.endpoint == table.endpoint)
    return name if table is first else f"{name}:{table.name}"


def _refused(connection: sa.Connection, load: JudgedLoad) -> Iterator[Finding]:
    """Answers that the source refused for good. Nothing of them came, so that no other check can see it."""
    refused = sa.select(STAGED.c.endpoint, STAGED.c.refused).where(
        STAGED.c.load_id == load.load_id, STAGED.c.refused.is_not(None)
    )
    for endpoint, error in connection.execute(refused.order_by(STAGED.c.endpoint)):
        yield Finding(endpoint, "answer_received", Severity.CRITICAL, False, 0, error)


def _quarantine_share(
    connection: sa.Connection, load: JudgedLoad, counts: dict[str, int]
) -> Iterator[Finding]:
    """A few rows may be quarantined; many mean that the scope itself is in doubt."""
    endpoints = load.model.source.endpoints
    # What staging quarantined is in no staging table, and was a row all the same.
    unstaged = sa.func.count().filter(QUARANTINE.c.rule.in_([ENCODABLE, PACKAGE_LINE]))
    quarantined = sa.select(QUARANTINE.c.endpoint, sa.func.count(), unstaged).where(
        QUARANTINE.c.load_id == load.load_id
    )
    lines = sa.select(PACKAGE_TABLE.c.table_name, PACKAGE_TABLE.c.rows)
    of_tables = {
        member_name(NAMES.get(name, name)): rows
        for name, rows in connection.execute(lines.where(PACKAGE_TABLE.c.load_id == load.load_id))
    }
    for endpoint, broken, beside in connection.execute(quarantined.group_by(QUARANTINE.c.endpoint)):
        rows = counts[endpoint] + beside if endpoint in counts else of_tables.get(endpoint, 0)
        is_little = broken <= MAX_QUARANTINED * max(rows, ENOUGH_ROWS)
        # A study cannot do without itself, an arm or a subject, however few there are.
        is_gone = endpoint in endpoints and endpoints[endpoint].required and broken >= rows
        detail = f"{broken} of {rows} rows quarantined"
        yield Finding(
            endpoint, "quarantine_share", Severity.CRITICAL, is_little and not is_gone, broken, detail
        )


def _conflicts(connection: sa.Connection, load: JudgedLoad) -> Iterator[Finding]:
    """Rows of a package table, read by their key, that have different values under one key."""
    tables = sa.select(PACKAGE_TABLE.c.table_name, PACKAGE_TABLE.c.conflicts).where(
        PACKAGE_TABLE.c.load_id == load.load_id, PACKAGE_TABLE.c.conflicts.is_not(None)
    )
    for name, found in connection.execute(tables.order_by(PACKAGE_TABLE.c.table_name)).all():
        table = member_name(NAMES.get(name, name))
        detail = f"{found} keys have rows that differ: the first of each is read"
        yield Finding(table, "rows_agree", Severity.WARNING, not found, found, detail)


def _facts_with_rows(connection: sa.Connection, load: JudgedLoad, known: Collection[str]) -> list[Fact]:
    """Facts of known endpoints that hold a version of the scope, in the order of the model."""
    key = surrogate_keys.known_scope(connection, load.model, load.scope)
    facts = [item for item in load.model.facts if item.endpoint in known]
    held = scd2.holding(connection, facts, key) if facts and key is not None else ()
    return [item for item in facts if item in held]


def _vanished(
    connection: sa.Connection, load: JudgedLoad, tables: StagedTables, fact: Fact
) -> tuple[int, int]:
    """Rows known at the release of the load so far, and how many of them were not staged.

    An older release that is loaded late is compared with what was known then, not with what is open now.
    """
    table = tables.rows(load.model.endpoint(fact))
    staged, of = fact.row_id.raw.text, load.model.of_scopes
    if fact.row_id.type is Type.INTEGER:
        staged = f"btrim({staged}, ' ')"
    before, gone = run_sql(
        connection,
        f"""select count(*), count(*) filter (where n.known is null)
            from history.{fact.relation} h join history.{of.key_table} k using ({of.key_column})
            left join (select distinct {staged} as known from {table} s) n
                on n.known = h.{fact.identity}::text
            where k.{of.natural_key[0].name} = {literal(load.scope)}
                and h.valid_from <= {load.release_key} and h.valid_to > {load.release_key}""",
    ).one()
    return before, gone


def _foreign_members(
    connection: sa.Connection, load: JudgedLoad, tables: StagedTables, dimension: Dimension
) -> int:
    """Members of a staged scope that another one holds: a join would find them twice."""
    key, of = dimension.key_column, load.model.of_scopes
    table = tables.rows(load.model.endpoint(dimension))
    natural = digest(dimension, natural_key(dimension))
    found = run_sql(
        connection,
        f"""select count(distinct h.{key}) from {table} s
            join history.{dimension.key_table} k on k.natural_key = {natural}
            join history.{dimension.relation} h on h.{key} = k.{key}
            join history.{of.key_table} o on o.{of.key_column} = h.{of.key_column}
            where h.valid_to = {OPEN} and o.{of.natural_key[0].name} <> {literal(load.scope)}""",
    )
    return int(found.scalar_one())


@dataclass(frozen=True)
class Declared:
    """What older packages declare of the experiment samples of one kind of result, and what is there.

    :param schema: kind of result; None where they have none.
    :param samples: experiment samples with a declared number of results.
    :param wrong: those of them with another number.
    :param results: results declared, of all samples together.
    :param there: results that were staged, of any assay.
    """

    schema: str | None
    samples: int
    wrong: int
    results: int
    there: int


def _declared(found: Sequence[Declared], accept_vanished: bool) -> Iterator[Finding]:
    """Compare the results of experiment samples with the numbers that older packages declare.

    A difference is worth a warning and no more: the number is what ImmPort counted when the results were
    submitted, and it is not updated. None at all of a kind is another matter: their table is not there.
    """
    if not found:
        return
    samples, wrong = sum(item.samples for item in found), sum(item.wrong for item in found)
    detail = f"{wrong} of {samples} experiment samples have another number of results than declared"
    yield Finding("expsample", "declared_results", Severity.WARNING, not wrong, wrong, detail)
    missing = [item for item in found if item.results and not item.there]
    kinds = ", ".join(f"{item.results} of {item.schema or 'no kind'}" for item in missing)
    yield Finding(
        "expsample",
        "declared_missing",
        Severity.CRITICAL,
        accept_vanished or not missing,
        sum(item.results for item in missing),
        f"results are declared and none of their kind came: {kinds}" if missing else None,
    )


def declared_results(connection: sa.Connection, tables: StagedTables) -> list[Declared]:
    """What experiment samples declare, by kind of result.

    That no row of a package is lost on the way is proven in staging.
    """
    if "expsample" not in tables.filled:
        return []
    home = ENDPOINTS["expsample"]
    results = " union all ".join(
        f"select s.{sample} as expsample_accession, {literal(item.name)} as endpoint, s.result_id"
        f" from {tables.rows(item)} s"
        for item in ENDPOINTS.values()
        if item.key == ("resultId",) and (sample := _sample_column(item))
    )
    rows = run_sql(
        connection,
        f"""select d.schema, count(*), count(*) filter (where d.results <> coalesce(f.results, 0)),
                sum(d.results)::bigint, coalesce(sum(f.results), 0)::bigint
            from (select s.expsample_accession, max(btrim(s.result_total_recs)::bigint) as results,
                    min(nullif(btrim(s.result_schema), '')) as schema
                from {tables.rows(home)} s
                where btrim(s.result_total_recs) ~ '^[0-9]{{1,18}}$' group by s.expsample_accession) d
            left join (select r.expsample_accession, count(distinct (r.endpoint, r.result_id)) as results
                from ({results}) r group by r.expsample_accession) f using (expsample_accession)
            group by d.schema order by d.schema""",
    )
    return [Declared(*row) for row in rows]


def _sample_column(endpoint: Endpoint) -> str | None:
    """The column that names a result's experiment sample; bead arrays name theirs as the source."""
    names = ("expsample_accession", "source_accession")
    return next((name for name in names if name in endpoint.columns), None)
