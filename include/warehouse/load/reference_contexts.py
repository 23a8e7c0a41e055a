"""Contexts: staged columns that many rows have in common, from which the keys of several references are made.

A result names its arm, its visit, the time, the technique and the unit. Thousands of rows name the same ones
together: such a combination is looked up once, and each row then finds all keys of it by one join. The
columns of a context are one array, in which null equals null.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    def parts(self) -> str:
        """SQL of these columns of a staged row: `array[s.arm_accession, s.experiment_accession]`."""
        return f"array[{', '.join(f'{column.alias}.{column.name}' for column in self.columns)}]"

    @property
    def rows(self) -> str:
        """Its combinations as rows that expressions over staged rows can read.

        `reference_context c cross join lateral (select c.parts[1] as arm_accession, ...) s`.
        """
        items: dict[str, list[str]] = {}
        for place, column in enumerate(self.columns, start=1):
            items.setdefault(column.alias, []).append(f"c.parts[{place}] as {column.name}")
        rows = (f"cross join lateral (select {', '.join(of)}) {alias}" for alias, of in items.items())
        return f"(select * from reference_context where context = {literal(self.name)}) c {' '.join(rows)}"


def _declared() -> dict[str, tuple[ReferenceContext, ...]]:
    """The contexts of every table, by relation."""
    known: dict[tuple[Reference, ...], ReferenceContext] = {}
    found: dict[str, tuple[ReferenceContext, ...]] = {}
    for table in VERSIONED:
        few, many = (
            tuple(item for item in table.references if DIMENSION[item.dimension].is_numerous is is_numerous)
            for is_numerous in (False, True)
        )
        # A sample has several results of an assay, and one row of any other table.
        groups = {"few": few, "many": many if isinstance(table, Fact) and table.assay else ()}
        found[table.relation] = tuple(
            known.setdefault(references, ReferenceContext(f"{table.relation} {name}", references))
            for name, references in groups.items()
            if len(references) >= _FEWEST
        )
    return found


_CONTEXTS = _declared()


def contexts(table: Dimension | Fact) -> tuple[ReferenceContext, ...]:
    """The contexts of a table; references that are in none are looked up one by one."""
    return _CONTEXTS[table.relation]


def of_tables(tables: Iterable[Dimension | Fact]) -> dict[ReferenceContext, list[Dimension | Fact]]:
    """The contexts of several tables, with the tables that have each."""
    found: dict[ReferenceContext, list[Dimension | Fact]] = {}
    for table in tables:
        for context in contexts(table):
            found.setdefault(context, []).append(table)
    return found


def single(table: Dimension | Fact) -> tuple[Reference, ...]:
    """The references of a table that are in no context."""
    together = {reference for context in contexts(table) for reference in context.references}
    return tuple(item for item in table.references if item not in together)


def collect(connection: sa.Connection, load: StagedLoad, tables: Sequence[Dimension | Fact]) -> None:
    """Collect the contexts of the staged rows of tables, each once, in `reference_context`.

    Of ELISA results: `select 'fact_elisa few', parts from (select array[s.arm_accession, ...] as parts
    from staging.l7_elisa s where true group by s.arm_accession, ...) f group by parts`.
    """
    found = " union all ".join(
        f"select {literal(context.name)}, parts"
        f" from ({' union all '.join(_combinations(context, load, having))}) f group by parts"
        for context, having in of_tables(tables).items()
    )
    run_sql(
        connection,
        "create temporary table reference_context (context text, parts text[]) on commit drop;"
        + (f"insert into reference_context {found};" if found else "")
        + "create index on reference_context (context); analyze reference_context",
    )


def _combinations(
    context: ReferenceContext, load: StagedLoad, tables: Iterable[Dimension | Fact]
) -> Iterator[str]:
    columns = ", ".join(f"{column.alias}.{column.name}" for column in context.columns)
    for table in tables:
        yield (
            f"select {context.parts} as parts from {load.source(table)} where {load.kept(table)}"
            f" group by {columns}"
        )


def resolve(connection: sa.Connection, tables: Sequence[Dimension | Fact]) -> None:
    """Find the keys of all contexts, in `known_context`: `key_1` is that of a context's first reference."""
    width = max((len(context.references) for context in of_tables(tables)), default=1)
    keys = ", ".join(f"key_{number} bigint" for number in range(1, width + 1))
    found = " union all ".join(
        f"select {literal(context.name)}, c.parts, {', '.join(_keys(context, width))}"
        f" from {context.rows} {' '.join(_joins(context))}"
        for context in of_tables(tables)
    )
    run_sql(
        connection,
        f"create temporary table known_context (context text, parts text[], {keys}) on commit drop;"
        + (f"insert into known_context {found};" if found else "")
        + "create index on known_context (context); analyze known_context",
    )


def keys(table: Dimension | Fact) -> tuple[dict[str, str], list[str]]:
    """SQL of the key columns of a table's staged rows, and the joins that find them.

    `{"arm_key": "c0.key_1", ...}` and `left join known_context c0 on c0.context = 'fact_elisa few' and
    c0.parts = array[s.arm_accession, ...]`.
    """
    found, joins = {}, []
    for number, context in enumerate(contexts(table)):
        alias = f"c{number}"
        joins.append(
            f"left join known_context {alias} on {alias}.context = {literal(context.name)}"
            f" and {alias}.parts = {context.parts}"
        )
        for place, reference in enumerate(context.references, start=1):
            found[reference.column] = f"{alias}.key_{place}"
    for number, reference in enumerate(single(table)):
        joins.append(_join(number, reference))
        found[reference.column] = _key(number, reference)
    return {item.column: found[item.column] for item in table.references}, joins


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


def _keys(context: ReferenceContext, width: int) -> Iterator[str]:
    for number, reference in enumerate(context.references):
        yield _key(number, reference)
    for _ in range(len(context.references), width):
        yield "null::bigint"


def _joins(context: ReferenceContext) -> Iterator[str]:
    for number, reference in enumerate(context.references):
        yield _join(number, reference)
