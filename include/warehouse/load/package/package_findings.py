"""What staging a package records beside its rows: drifted headers, lines that are not rows, rows that differ
under the key by which recipes read one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from include.landing.zone import Manifest
from include.sources.endpoint import Endpoint
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.package.joins import ONCE
from include.sources.package.package_reader import TabReader
from include.sources.package.recipe import Recipe
from include.sources.package.recipes import RECIPES
from include.sources.package.tables import TABLES, TabTable
from include.sql import literal
from include.warehouse.schema.ops_tables import DRIFT, PACKAGE_SAMPLE, PACKAGE_TABLE, QUARANTINE
from include.warehouse.schema.statements import run_sql

#: Rule of a line of a table that is not a row.
PACKAGE_LINE = "package_line"


def member_name(table: str) -> str:
    """How a package table is called where an endpoint's name would stand."""
    return f"Tab/{table}.txt"


def forget(connection: sa.Connection, load_id: int) -> None:
    """Remove what an earlier attempt recorded."""
    for table in (PACKAGE_TABLE, PACKAGE_SAMPLE):
        connection.execute(sa.delete(table).where(table.c.load_id == load_id))
    connection.execute(
        sa.delete(DRIFT).where((DRIFT.c.load_id == load_id) & DRIFT.c.endpoint.startswith("Tab/"))
    )
    quarantined = (QUARANTINE.c.load_id == load_id) & (QUARANTINE.c.rule == PACKAGE_LINE)
    connection.execute(sa.delete(QUARANTINE).where(quarantined))


def _own_columns(endpoint: Endpoint, recipe: Recipe) -> dict[str, str]:
    """Columns of an endpoint that are columns of its recipe's own table."""
    named = ((item.column, recipe.own_column(item)) for item in endpoint.staged_fields)
    return {column: own for column, own in named if own}


def drift(table: TabTable, reader: TabReader) -> Iterator[dict[str, Any]]:
    """Header names of a table with rows that are not declared or are there twice, and columns without one."""
    if not reader.rows:
        return
    unknown = set(reader.header) - reader.copies - table.known
    missing = table.holders.keys() - table.places(reader.header).keys() - table.optional
    kinds = {"unknown": unknown, "missing": missing, "repeated": reader.repeated}
    for kind, names in kinds.items():
        for name in sorted(names):
            yield {"endpoint": member_name(table.name), "field": name, "kind": kind, "rows": reader.rows}


def quarantined_lines(manifest: Manifest, table: TabTable, reader: TabReader) -> Iterator[dict[str, Any]]:
    """Lines of a table that are not rows, under the endpoint they would be rows of.

    If the cells of a line identify the row that it would be, that row stays unchanged in the warehouse.
    """
    if not reader.bad:
        return
    home = next((name for name, recipe in RECIPES.items() if recipe.table == table.name), None)
    columns = _own_columns(ENDPOINTS[home], RECIPES[home]) if home else {}
    place = table.places(reader.header)
    for line in reader.bad:
        yield {
            "source": manifest.source_name,
            "scope": manifest.scope,
            "release_version": manifest.release,
            "endpoint": home or member_name(table.name),
            "row_number": line.number,
            "rule": PACKAGE_LINE,
            "row": {
                **{
                    shown: next(filter(None, (line.cells[at] for at in place[column])), None)
                    for shown, column in columns.items()
                    if max(place.get(column, (len(line.cells),))) < len(line.cells)
                },
                "table": member_name(table.name),
                "line": line.text,
                "problem": line.why,
            },
        }


def conflicts(connection: sa.Connection, relations: Mapping[str, str]) -> dict[str, int]:
    """Under how many keys a table has rows that differ: the first of each is read.

    :param relations: by table, SQL that reads its rows; tables without rows may be left out.
    :returns: numbers of all tables that are read by a key.
    """
    found = {table: 0 for table, keys in ONCE if not _is_bare(table, keys)}
    parts = [
        f"select {literal(table)}, ({_differing(table, keys, relations[table])})"
        for table, keys in sorted(ONCE)
        if table in relations and not _is_bare(table, keys)
    ]
    for table, number in run_sql(connection, " union all ".join(parts)) if parts else ():
        found[table] = max(found[table], number)
    return found


def _is_bare(table: str, keys: tuple[str, ...]) -> bool:
    """Whether a table has no columns but the key: its rows cannot differ."""
    return set(TABLES[table].columns) <= set(keys)


def record(connection: sa.Connection, table: sa.Table, load_id: int, rows: Iterable[dict[str, Any]]) -> None:
    """Write down what was found in all tables of a package."""
    found = [{"load_id": load_id, **row} for row in rows]
    if found:
        connection.execute(sa.insert(table), found)


def _differing(table: str, keys: tuple[str, ...], relation: str) -> str:
    """SQL that counts the keys with rows that have different values."""
    key = ", ".join(f"t.{name}" for name in keys)
    there = " and ".join(f"t.{name} is not null" for name in keys)
    content = ", ".join(f"t.{name}" for name in TABLES[table].columns if name not in keys)
    rows = f"{relation} t where {there}"
    repeated = f"select {key} from {rows} group by {key} having count(*) > 1"
    return (
        f"select count(*) from (select from {rows} and ({key}) in ({repeated}) group by {key}"
        f" having count(distinct row({content})) > 1) d"
    )
