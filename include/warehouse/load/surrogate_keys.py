"""The members that a staged study names: durable keys for new ones, rows for those without a description."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import sqlalchemy as sa

from include.sources.release import OPEN
from include.sql import Expression, Row, sql
from include.warehouse.load.staged_load import StagedLoad
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.model.registry import DIMENSION
from include.warehouse.schema.statements import run_sql


def digest(dimension: Dimension, key: Iterable[Expression]) -> str:
    """SQL for the digest of a natural key; null when there is no such member.

    An accession needs all its parts; a combination of terms needs any. Of an arm:
    `case when not (s.arm_accession is null) then md5(coalesce(s.arm_accession, e'\\x1e'))::uuid end`.
    """
    parts = [item.text for item in key]
    absent = (" or " if dimension.is_versioned else " and ").join(f"{item} is null" for item in parts)
    whole = " || e'\\x1f' || ".join(f"coalesce({item}, e'\\x1e')" for item in parts)
    return f"case when not ({absent}) then md5({whole})::uuid end"


def natural_key(dimension: Dimension) -> tuple[Expression, ...]:
    return tuple(item.raw for item in dimension.natural_key)


def _uses(
    dimension: Dimension, tables: Sequence[Dimension | Fact]
) -> Iterator[tuple[Dimension | Fact, tuple[Expression, ...]]]:
    """Every place where members of a dimension are named: its own rows, and references to it."""
    if dimension.is_versioned and dimension in tables:
        yield dimension, natural_key(dimension)
    for table in tables:
        for reference in table.references:
            if reference.dimension == dimension.name:
                yield table, reference.key


def add(
    connection: sa.Connection, dimension: Dimension, load: StagedLoad, tables: Sequence[Dimension | Fact]
) -> None:
    names = [item.name for item in dimension.natural_key]
    found = " union ".join(
        f"select {', '.join(f'{e.text}::text as {n}' for e, n in zip(expressions, names, strict=True))}"
        f" from {load.source(table)} where {load.kept(table)}"
        for table, expressions in _uses(dimension, tables)
        if table.endpoint not in load.absent
    )
    if not found:
        return
    columns = ", ".join(names)
    key_digest = digest(dimension, (sql(name) for name in names))
    typed = ", ".join(f"m.{item.name}::{item.type}" for item in dimension.natural_key)
    # In the order of the digests: two studies that add the same members wait, and never deadlock.
    run_sql(
        connection,
        f"""insert into history.{dimension.key_table} ({columns}, natural_key)
        select {typed}, m.natural_key
        from (select {columns}, {key_digest} as natural_key from ({found}) f) m
        where m.natural_key is not null and not exists
            (select 1 from history.{dimension.key_table} k where k.natural_key = m.natural_key)
        order by m.natural_key
        on conflict (natural_key) do nothing""",
    )


def infer(dimension: Dimension, study_key: int, tables: Sequence[Dimension | Fact]) -> str:
    """Members that rows of the study name but its own endpoint does not describe."""
    key = dimension.key_column
    named = " union ".join(
        f"select distinct {reference.column} from incoming_{table.relation}"
        for table in tables
        for reference in table.references
        if reference.dimension == dimension.name
    )
    if not named:
        return "select 1"
    columns, items, joins = [], [], []
    natural = {item.raw: Row("k")[item.name] for item in dimension.natural_key}
    for number, reference in enumerate(dimension.references):
        if all(part in natural for part in reference.key):
            known = tuple(natural[part] for part in reference.key)
            target = DIMENSION[reference.dimension]
            joins.append(
                f"left join history.{target.key_table} r{number}"
                f" on r{number}.natural_key = {digest(target, known)}"
            )
            items.append(f"coalesce(r{number}.{target.key_column}, 0)")
        else:
            items.append("0")
        columns.append(reference.column)
    # A member that another study describes is not guessed at here: a join would find it twice.
    elsewhere = (
        f"and not exists (select 1 from history.{dimension.relation} h where h.{key} = n.{key}"
        f" and h.study_key <> {study_key} and h.valid_to = {OPEN})"
    )
    if dimension.shared or dimension.name == "study":
        elsewhere = ""
    return f"""insert into incoming_{dimension.relation} ({", ".join([key, *columns, "is_inferred"])})
        select {", ".join([f"n.{key}", *items, "true"])}
        from ({named}) n ({key}) join history.{dimension.key_table} k on k.{key} = n.{key} {" ".join(joins)}
        where n.{key} > 0
            and not exists (select 1 from incoming_{dimension.relation} i where i.{key} = n.{key})
            {elsewhere}"""
