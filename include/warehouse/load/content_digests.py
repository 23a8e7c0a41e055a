"""Digests of rows: of what was published, so that a value that somebody changed since is noticed, and of what
was staged, so that a load sees which rows are those of the load before.

A study's rows in a table of history change in a publish alone, which records their number and digest in the
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


#: The same over the rows `h` of history of one study.
MEASURE = measure("h")
_INTO = "insert into ops.content (relation, study_key, load_id, rows, digest)"


def record(connection: sa.Connection, study_key: int, load_id: int, changed: Iterable[str]) -> None:
    """Record what a study has in tables that a load changed, and in those without a record."""
    recorded = sa.select(CONTENT.c.relation).where(CONTENT.c.study_key == study_key)
    missing = {table.relation for table in VERSIONED} - set(connection.scalars(recorded))
    relations = sorted(missing.union(changed))
    if not relations:
        return
    measured = " union all ".join(
        f"select {literal(name)}, :study, cast(:load as bigint), {MEASURE} from history.{name} h"
        " where h.study_key = :study"
        for name in relations
    )
    statement = f"""{_INTO} {measured} on conflict (study_key, relation) do update
        set load_id = excluded.load_id, rows = excluded.rows, digest = excluded.digest, recorded_at = now()"""
    connection.execute(sa.text(statement), {"study": study_key, "load": load_id})


def intact(connection: sa.Connection, study: str, tables: Iterable[Dimension | Fact]) -> dict[str, int]:
    """The tables among these in which history holds of a study just what publishing it recorded, with the
    number of rows that are valid now."""
    measured = " union all ".join(
        f"select {literal(table.relation)} as relation, {MEASURE},"
        f" count(*) filter (where h.valid_to = {OPEN}) as valid from history.{table.relation} h"
        " where h.study_key = (select k.study_key from history.key_study k where k.study_accession = :study)"
        for table in tables
    )
    if not measured:
        return {}
    same = f"""select m.relation, m.valid from ({measured}) m
        join (select c.* from ops.content c join history.key_study k using (study_key)
            where k.study_accession = :study) c using (relation)
        where (c.rows, c.digest) = (m.rows, m.digest)"""
    return {row.relation: row.valid for row in connection.execute(sa.text(same), {"study": study})}


def is_intact(connection: sa.Connection, study: str) -> bool:
    """Whether history holds of a study just what publishing it recorded, in every table."""
    return len(intact(connection, study, VERSIONED)) == len(VERSIONED)


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
    for name in (table.relation for table in VERSIONED):
        run_sql(
            connection,
            f"""{_INTO} select {literal(name)}, h.study_key, null, {MEASURE} from history.{name} h
            where not exists (select from ops.content c
                where c.relation = {literal(name)} and c.study_key = h.study_key)
            group by h.study_key on conflict do nothing""",
        )


def forget(connection: sa.Connection) -> None:
    """Forget all digests: an upgrade may have changed columns and values of any table."""
    connection.execute(sa.delete(CONTENT))
