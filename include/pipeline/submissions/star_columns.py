"""Where the star has a column of ImmPort's own tables: derived from the recipes of packages and the model.

A Tab package holds ImmPort's tables; a recipe says which of their columns a field of an endpoint is, and the
model which column of the star is made of that field.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from include.sources.endpoint import Endpoint, Field
from include.sources.package.recipe import Recipe
from include.sources.package.recipes import RECIPES
from include.sources.package.tables import TABLES
from include.sql import Expression, identifier
from include.warehouse.model.declaration import Dimension, Fact, Type
from include.warehouse.model.registry import DIMENSION, IMMPORT_MODEL
from include.warehouse.model.relations import Reference

#: Name of the row of the star in an expression.
ROW = "r"


@dataclass(frozen=True)
class StarColumn:
    """A column of the star, as an expression over the row `r` of its relation."""

    sql: str
    type: Type


@dataclass(frozen=True)
class StarTable:
    """What the star has of one table of ImmPort.

    :ivar relation: view of the star, `dim_reagent`.
    :ivar columns: column of ImmPort's table -> where the star has it. A value that ImmPort's API shows in two
        columns, such as an analyte by its accession and by its symbol, has two.
    """

    relation: str
    columns: Mapping[str, tuple[StarColumn, ...]] = field(default_factory=dict)

    def find(self, column: str) -> tuple[StarColumn, ...]:
        """Where the star has a column; nothing where it does not."""
        return self.columns.get(column, ())


def star_table(table: str) -> StarTable | None:
    """What the star has of a table, by its name of today or of an older release; None for nothing."""
    named = table.lower()
    found = next((item for item in TABLES.values() if named in (item.name, *item.aliases)), None)
    return None if found is None else _star_tables().get(found.name)


@cache
def _star_tables() -> dict[str, StarTable]:
    """Every table of ImmPort whose rows are rows of one relation of the star."""
    made: dict[str, StarTable] = {}
    for table in IMMPORT_MODEL.tables:
        if not (recipe := RECIPES.get(table.endpoint or "")):
            continue
        endpoint = IMMPORT_MODEL.endpoint(table)
        shown = dict(_shown(table))
        for name in {place for item in endpoint.staged_fields for place, _ in recipe.stored_in(item)}:
            if name not in made and _is_of(table, endpoint, recipe, name):
                made[name] = StarTable(table.relation, _columns(endpoint, recipe, shown, name))
    return made


def _is_of(table: Dimension | Fact, endpoint: Endpoint, recipe: Recipe, name: str) -> bool:
    """Whether rows of a relation of the star are rows of a table: what identifies them is the same."""
    columns = [item.raw.column for item in table.identified_by]
    identity = set[str]()
    for column in columns:
        if column is None or column.alias != "s":
            return False
        identity |= {place for of, place in _stored_in(endpoint, recipe, column.name) if of == name}
    return identity == set(TABLES[name].key) and len(columns) == len(identity)


def _columns(
    endpoint: Endpoint, recipe: Recipe, shown: Mapping[str, list[StarColumn]], name: str
) -> dict[str, tuple[StarColumn, ...]]:
    """Columns of a table, by each name that they have or had."""
    found = defaultdict[str, list[StarColumn]](list)
    for staged, columns in shown.items():
        for of, place in _stored_in(endpoint, recipe, staged):
            if of == name:
                found[place] += columns
    names = TABLES[name].headers
    return {
        header: tuple(columns)
        for column, columns in found.items()
        for header in dict.fromkeys((column, *names.get(column, ())))
    }


def _stored_in(endpoint: Endpoint, recipe: Recipe, staged: str) -> tuple[tuple[str, str], ...]:
    item: Field | None = next((one for one in endpoint.staged_fields if one.column == staged), None)
    return () if item is None else recipe.stored_in(item)


def _shown(table: Dimension | Fact) -> Iterator[tuple[str, list[StarColumn]]]:
    """Staged column -> columns of the star that show it as it is."""
    found = defaultdict[str, list[StarColumn]](list)
    for item in (*table.identified_by, *table.columns):
        if (name := _staged(item.raw)) and not item.is_masked:
            found[name].append(StarColumn(f"{ROW}.{identifier(item.name)}", item.type))
    for reference in table.references:
        for name, column in _referred(reference):
            found[name].append(column)
    yield from found.items()


def _referred(reference: Reference) -> Iterator[tuple[str, StarColumn]]:
    """What the member of a dimension that a row names is called there."""
    dimension = DIMENSION[reference.dimension]
    for given, column in zip(reference.key, dimension.natural_key, strict=True):
        if name := _staged(given):
            sql = (
                f"(select d.{identifier(column.name)} from star.{dimension.relation} d"  # noqa: S608 - declared
                f" where d.{dimension.key_column} = {ROW}.{identifier(reference.column)})"
            )
            yield name, StarColumn(sql, column.type)


def _staged(expression: Expression) -> str | None:
    column = expression.column
    return column.name if column and column.alias == "s" else None
