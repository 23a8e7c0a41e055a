"""Digests of what was published, so that a value that somebody changed since is noticed.

A study's rows in a table of history change in a publish alone, which records their number and digest in the
same transaction. The audit computes both anew. The order of rows does not matter: a digest is the sum of the
hashes of whole rows, validity included.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from include.sql import literal
from include.warehouse.model.registry import VERSIONED
from include.warehouse.schema.ops_tables import CONTENT
from include.warehouse.schema.statements import run_sql

#: SQL over the rows `h` of one study: the values of the columns `rows` and `digest`. Postgres adds up the
#: hashes of a record's columns, each times a constant, so that two rows that swap a value have the same sum;
#: each row's hash is therefore hashed once more.
MEASURE = "count(*) as rows, coalesce(sum(hashint8extended(hash_record_extended(h, 0), 0)), 0) as digest"
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


def is_intact(connection: sa.Connection, study: str) -> bool:
    """Whether history holds of a study just what publishing it recorded, in every table."""
    measured = " union all ".join(
        f"select {literal(table.relation)} as relation, {MEASURE} from history.{table.relation} h"
        " join history.key_study k using (study_key) where k.study_accession = :study"
        for table in VERSIONED
    )
    differing = f"""select count(*) from ({measured}) m left join
            (select c.* from ops.content c join history.key_study k using (study_key)
                where k.study_accession = :study) c using (relation)
        where (c.rows, c.digest) is distinct from (m.rows, m.digest)"""
    return connection.scalar(sa.text(differing), {"study": study}) == 0


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
