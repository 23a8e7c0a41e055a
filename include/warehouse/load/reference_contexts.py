"""Contexts: staged columns that many rows have in common, from which the keys of several references are made.

A result names its arm, its visit, the time, the technique and the unit. Thousands of rows name the same ones
together: such a combination is looked up once, and each row then finds all keys of it by one join.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa

from include.sql import ColumnOf, literal
from include.warehouse.load.staged_load import StagedLoad
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.model.natural_keys import name_of
from include.warehouse.model.registry import DIMENSION, VERSIONED
from include.warehouse.model.relations import Reference
from include.warehouse.schema.statements import run_sql

#: Fewer references of a row are looked up one by one.
_FEWEST = 3
#: Stands for null where a hash join compares parts: null would equal nothing. No source can guess it.
_NULL = literal(secrets.token_hex(8))


@dataclass(frozen=True)
class ReferenceContext:
    """References that are looked up together, of one table or of several that have the same ones.

    :param name: `fact_elisa few`: the first table that has them, and whether a study has few members of
        their dimensions, or many.
    """

    name: str
    references: tuple[Reference, ...]

    @cached_property
    def columns(self) -> tuple[ColumnOf, ...]:
        """The staged columns that the keys are made of."""
        made = (part for item in self.references for part in (*item.key, item.absent))
        return tuple(dict.fromkeys(column for part in made for column in part.columns))

    @property
    def parts(self) -> list[str]:
        """SQL of these columns of a staged row: `s.arm_accession`, `s.experiment_accession`."""
        return [f"{column.alias}.{column.name}" for column in self.columns]

    @property
    def rows(self) -> str:
        """Its combinations as rows that expressions over staged rows can read.

        `reference_context c cross join lateral (select c.part_1 as arm_accession, ...) s`.
        """
        items: dict[str, list[str]] = {}
        for place, column in enumerate(self.columns, start=1):
            items.setdefault(column.alias, []).append(f"c.part_{place} as {column.name}")
        rows = (f"cross join lateral (select {', '.join(of)}) {alias}" for alias, of in items.items())
        return f"(select * from reference_context where context = {literal(self.name)}) c {' '.join(rows)}"


def _declared() -> dict[Dimension | Fact, tuple[ReferenceContext, ...]]:
    """The contexts of every table."""
    known: dict[tuple[Reference, ...], ReferenceContext] = {}
    found: dict[Dimension | Fact, tuple[ReferenceContext, ...]] = {}
    for table in VERSIONED:
        few, many = (
            tuple(item for item in table.references if DIMENSION[item.dimension].is_numerous is is_numerous)
            for is_numerous in (False, True)
        )
        # A sample has several results of an assay, and one row of any other table.
        groups = {"few": few, "many": many if isinstance(table, Fact) and table.assay else ()}
        found[table] = tuple(
            known.setdefault(references, ReferenceContext(f"{table.relation} {name}", references))
            for name, references in groups.items()
            if len(references) >= _FEWEST
        )
    return found


_CONTEXTS = _declared()


def contexts(*tables: Dimension | Fact) -> tuple[ReferenceContext, ...]:
    """The contexts of tables, each once; references that are in none are looked up one by one."""
    return tuple(dict.fromkeys(context for table in tables for context in _CONTEXTS[table]))


def single(table: Dimension | Fact) -> tuple[Reference, ...]:
    """The references of a table that are in no context."""
    together = {reference for context in contexts(table) for reference in context.references}
    return tuple(item for item in table.references if item not in together)


def collect(connection: sa.Connection, load: StagedLoad, tables: Sequence[Dimension | Fact]) -> None:
    """Collect the contexts of the staged rows of tables, each once, in `reference_context`.

    Of ELISA results: `select 'fact_elisa few', 'fact_elisa', s.arm_accession, ..., null from
    staging.l7_elisa s where true group by s.arm_accession, ...`.
    """
    width = _width(tables)
    found = " union all ".join(
        f"select {literal(context.name)}, {literal(table.relation)}, {_padded(context.parts, width, 'text')}"
        f" from {load.source(table)} where {load.kept(table)} group by {', '.join(context.parts)}"
        for table in tables
        for context in contexts(table)
    )
    run_sql(
        connection,
        f"create temporary table reference_context (context text, relation text,"
        f" {_columns('part', width, 'text')}) on commit drop;"
        + (f"insert into reference_context {found};" if found else "")
        + "create index on reference_context (context); analyze reference_context (context)",
    )


def _width(tables: Sequence[Dimension | Fact]) -> int:
    return max((len(context.columns) for context in contexts(*tables)), default=1)


def _padded(items: list[str], width: int, kind: str) -> str:
    return ", ".join([*items, *[f"null::{kind}"] * (width - len(items))])


def _columns(name: str, width: int, kind: str) -> str:
    return ", ".join(f"{name}_{place} {kind}" for place in range(1, width + 1))


def resolve(connection: sa.Connection, tables: Sequence[Dimension | Fact]) -> None:
    """Find the keys of all contexts, in `known_context`: `key_1` is that of a context's first reference."""
    parts, together = _width(tables), contexts(*tables)
    width = max((len(context.references) for context in together), default=1)
    found = " union all ".join(_resolved(context, parts, width) for context in together)
    run_sql(
        connection,
        f"create temporary table known_context (context text, relation text,"
        f" {_columns('part', parts, 'text')}, {_columns('key', width, 'bigint')}) on commit drop;"
        + (f"insert into known_context {found};" if found else "")
        + "create index on known_context (context, relation); analyze known_context (context, relation)",
    )


def keys(table: Dimension | Fact) -> tuple[dict[str, str], list[str]]:
    """SQL of the key columns of a table's staged rows, and the joins that find them.

    `{"arm_key": "c0.key_1", ...}` and `left join known_context c0 on c0.context = 'fact_elisa few' and
    c0.relation = 'fact_elisa' and c0.part_1 = coalesce(s.arm_accession, '...') and ...`.
    """
    found, joins = {}, []
    for number, context in enumerate(contexts(table)):
        alias = f"c{number}"
        same = (
            f" and {alias}.part_{place} = coalesce({part}, {_NULL})"
            for place, part in enumerate(context.parts, start=1)
        )
        joins.append(
            f"left join known_context {alias} on {alias}.context = {literal(context.name)}"
            f" and {alias}.relation = {literal(table.relation)}{''.join(same)}"
        )
        for place, reference in enumerate(context.references, start=1):
            found[reference.column] = f"{alias}.key_{place}"
    for number, reference in enumerate(single(table)):
        joins.append(_join(number, reference))
        found[reference.column] = _key(number, reference)
    return {item.column: found[item.column] for item in table.references}, joins


def named_keys(table: Dimension | Fact, reference: Reference) -> str | None:
    """A query for the keys that staged rows of a table have of a reference; None if it is in no context."""
    for context in contexts(table):
        if reference in context.references:
            place = context.references.index(reference) + 1
            return (
                f"select distinct key_{place} from known_context where context = {literal(context.name)}"
                f" and relation = {literal(table.relation)}"
            )
    return None


def _key(number: int, reference: Reference) -> str:
    """SQL of the key of a reference that is joined as `r<number>`."""
    return f"coalesce(r{number}.member_key, {reference.absent.text})::bigint"


def _join(number: int, reference: Reference) -> str:
    """The join that finds the member of a reference.

    `left join named_member r0 on r0.dimension = 'arm' and r0.name = s.arm_accession`.
    """
    named = name_of(DIMENSION[reference.dimension], reference.key)
    return (
        f"left join named_member r{number} on r{number}.dimension = {literal(reference.dimension)}"
        f" and r{number}.name = {named}"
    )


def _resolved(context: ReferenceContext, parts: int, width: int) -> str:
    made = [f"coalesce(c.part_{place}, {_NULL})" for place in range(1, len(context.columns) + 1)]
    keys = [_key(number, reference) for number, reference in enumerate(context.references)]
    joins = (_join(number, reference) for number, reference in enumerate(context.references))
    return (
        f"select c.context, c.relation, {_padded(made, parts, 'text')}, {_padded(keys, width, 'bigint')}"
        f" from {context.rows} {' '.join(joins)}"
    )
