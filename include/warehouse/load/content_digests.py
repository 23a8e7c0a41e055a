"""Digests of rows: of what was published, so that a value that somebody changed since is noticed, and of what
was staged, so that a load sees which rows are those of the load before.

A scope's rows in a table of history change in a publish alone, which records their number and digest in the
same transaction. The audit computes both anew. The order of rows does not matter: a digest is the sum of the
hashes of whole rows; in history, validity included.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from include.sources.endpoint import Endpoint
from include.sources.release import OPEN
from include.sql import identifier, literal
from include.warehouse.load.staging_tables import staging_table
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.model.registry import VERSIONED
from include.warehouse.model.source_model import SourceModel
from include.warehouse.schema.ops_tables import CONTENT
from include.warehouse.schema.statements import run_sql


def measure(row: str) -> str:
    """SQL of the number of rows and their digest, as `rows` and `digest`.

    Postgres adds up the hashes of a record's columns, each times a constant, so that two rows that swap a
    value have the same sum; each row's hash is therefore hashed once more.

    :param row: SQL of one row, as a record.
    """
    return (
        f"count(*) as rows, coalesce(sum(hashint8extended(hash_record_extended({row}, 0), 0)), 0) as digest"
    )


#: The same over the rows `h` of history of one scope.
MEASURE = measure("h")
_INTO = "insert into ops.content (relation, scope_key, load_id, rows, digest)"


def record(
    connection: sa.Connection,
    model: SourceModel,
    scope_key: int,
    load_id: int | None,
    changed: Iterable[str],
) -> None:
    """Record what a scope has in tables that a load changed, and in those without a record."""
    tables = {table.relation: table for table in model.tables}
    of_scope = (CONTENT.c.scope_key == scope_key) & CONTENT.c.relation.in_(list(tables))
    missing = tables.keys() - set(connection.scalars(sa.select(CONTENT.c.relation).where(of_scope)))
    relations = sorted(missing.union(changed))
    if not relations:
        return
    measured = " union all ".join(
        f"select {literal(name)}, :scope, cast(:load as bigint), {MEASURE} from history.{name} h"
        f" where h.{tables[name].scope_key} = :scope"
        for name in relations
    )
    statement = f"""{_INTO} {measured} on conflict (scope_key, relation) do update
        set load_id = excluded.load_id, rows = excluded.rows, digest = excluded.digest, recorded_at = now()"""
    connection.execute(sa.text(statement), {"scope": scope_key, "load": load_id})


def intact(
    connection: sa.Connection, tables: Iterable[Dimension | Fact], scope_key: str, **values: str
) -> dict[str, int]:
    """The tables among these in which history holds of a scope just what publishing it recorded, with the
    number of rows that are valid now."""
    measured = " union all ".join(
        f"select {literal(table.relation)} as relation, {MEASURE},"
        f" count(*) filter (where h.valid_to = {OPEN}) as valid from history.{table.relation} h"
        f" where h.{table.scope_key} = {scope_key}"
        for table in tables
    )
    if not measured:
        return {}
    same = f"""select m.relation, m.valid from ({measured}) m
        join ops.content c on c.relation = m.relation and c.scope_key = {scope_key}
        where (c.rows, c.digest) = (m.rows, m.digest)"""
    return {row.relation: row.valid for row in connection.execute(sa.text(same), values)}


def is_intact(connection: sa.Connection, model: SourceModel, scope: str) -> bool:
    """Whether history holds of a scope just what publishing it recorded, in every table."""
    of = model.of_scopes
    key = f"(select {of.key_column} from history.{of.key_table} where {of.natural_key[0].name} = :scope)"
    return len(intact(connection, model.tables, key, scope=scope)) == len(model.tables)


def staged(connection: sa.Connection, load_id: int, endpoints: Iterable[Endpoint]) -> dict[str, str]:
    """Digests of the rows of staging tables, by endpoint. Neither order nor number of a row matters."""
    measured = " union all ".join(
        f"select {literal(item.name)}, m.digest from (select {measure(_row(item))}"
        f" from {staging_table(load_id, item)} s) m"
        for item in endpoints
    )
    return {name: str(digest) for name, digest in run_sql(connection, measured)} if measured else {}


def _row(endpoint: Endpoint) -> str:
    return f"row({', '.join(f's.{identifier(name)}' for name in endpoint.columns)})"


def record_unknown(connection: sa.Connection) -> None:
    """Record digests where no publish did: of data from before digests existed, or before an upgrade."""
    for table in VERSIONED:
        name, scope = table.relation, table.scope_key
        run_sql(
            connection,
            f"""{_INTO} select {literal(name)}, h.{scope}, null, {MEASURE} from history.{name} h
            where not exists (select from ops.content c
                where c.relation = {literal(name)} and c.scope_key = h.{scope})
            group by h.{scope} on conflict do nothing""",
        )


def forget(connection: sa.Connection) -> None:
    """Forget all digests: an upgrade may have changed columns and values of any table."""
    connection.execute(sa.delete(CONTENT))
