"""From a field of an answer and a column of a package table to the columns of the star."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from include.sources.immport import ENDPOINTS
from include.sources.model import Field
from include.sources.package import RECIPES
from include.sources.package_joins import Recipe
from include.sources.package_tables import TABLES
from include.warehouse.reference.entries import Entry, Relation, names, uses
from include.warehouse.reference.notes import NOTE

_TABLE = re.compile(r"\{(\w+)\}")
#: `left join (...) part on ...` and `cross join {study} study`: the alias of a join.
_ALIAS = re.compile(r"[})]\s+(\w+)(?=\s+on\s|\s*$)")
#: `{contract_grant} l` within a value.
_WITHIN = re.compile(r"\{(\w+)\}\s+(\w+)\b")
_COLUMN = re.compile(r"\b([a-z]\w*)\.([a-z]\w*)\b")


def package_columns(endpoint: str, field: str) -> tuple[tuple[str, str], ...]:
    """Table and column of a Tab package that a field is made of; empty where no package knows it."""
    recipe = RECIPES.get(endpoint)
    if recipe is None:
        return ()
    item = next(one for one in ENDPOINTS[endpoint].staged_fields if one.name == field)
    return tuple(dict.fromkeys(_columns(recipe, item)))


def package_source(relation: Relation, entry: Entry) -> str:
    """The same of a column of the star, in words."""
    origins = relation.origins(entry)
    return names(dict.fromkeys(one for origin in origins for one in package_columns(*origin)))


def _columns(recipe: Recipe, item: Field) -> Iterator[tuple[str, str]]:
    sql = recipe.value(item)
    if sql is None:
        return
    read: dict[str, tuple[list[str], str]] = {"t": ([recipe.table], "")}
    for join in recipe.joins:
        for alias in _ALIAS.findall(join.sql)[-1:]:
            read[alias] = (list(dict.fromkeys(_TABLE.findall(join.sql))), join.sql)
    for table, alias in _WITHIN.findall(sql):
        read[alias] = ([table], "")
    for alias, column in _COLUMN.findall(sql):
        if alias in read and column != "row_number":
            tables, made_by = read[alias]
            yield from _stored(tables, made_by, column)


def _stored(tables: Iterable[str], sql: str, column: str) -> Iterator[tuple[str, str]]:
    """The stored columns behind a column of a join: itself, or those of the expression it names."""
    found = [(table, column) for table in tables if column in TABLES[table].headers]
    if not found:
        made = re.search(rf"(\w+\([^()]*\)) as {column}\b", sql)
        inner = [name for _, name in _COLUMN.findall(made[1])] if made else []
        found = [(table, name) for table in tables for name in inner if name in TABLES[table].headers]
    return iter(found)


def lineage() -> str:
    """docs/lineage.md."""
    used = uses()
    lines = [
        "# Lineage",
        "",
        NOTE,
        "",
        "What each field that ImmPort sends is in a Tab package, and what becomes of it in the star. From a",
        "column of the star back to its sources: [dictionary.md](dictionary.md). A dash in the second",
        "column: no package knows it. A dash in the third: received and checked, but not in the star,",
        "mostly because another endpoint is its home. Columns that are computed from others are listed, too.",
    ]
    for item in ENDPOINTS.values():
        lines += ["", f"## {item.name}", ""]
        lines += ["| field | package | columns of the star |", "|---|---|---|"]
        for field in item.staged_fields:
            shown = ", ".join(f"`{use}`" for use in used.get((item.name, field.name), ()))
            packed = names(package_columns(item.name, field.name))
            lines.append(f"| `{field.name}` | {packed or '-'} | {shown or '-'} |")
    return "\n".join(lines) + "\n"
