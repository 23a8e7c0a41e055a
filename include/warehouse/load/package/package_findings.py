"""What staging a package records beside its rows: drifted headers, lines that are not rows, rows that differ
under the key by which recipes read one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from include.landing.zone import Manifest
from include.sources.endpoint import Endpoint
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.package.joins import ONCE
from include.sources.package.package_reader import BadLine, TabReader
from include.sources.package.recipe import Recipe
from include.sources.package.recipes import RECIPES
from include.sources.package.tables import TABLES, TabTable
from include.warehouse.schema.ops_tables import DRIFT, PACKAGE_SAMPLE, PACKAGE_TABLE, QUARANTINE
from include.warehouse.schema.statements import run_sql

#: Rule of a line of a table that is not a row.
PACKAGE_LINE = "package_line"
#: Positions of the headers that hold a column, by column.
Places = dict[str, tuple[int, ...]]


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


def note_drift(
    connection: sa.Connection, load_id: int, table: TabTable, reader: TabReader, place: Places
) -> None:
    """Record header names that are not declared or that are there twice, and columns without one."""
    unknown = set(reader.header) - reader.copies - table.known
    missing = table.holders.keys() - place.keys() - table.optional
    kinds = {"unknown": unknown, "missing": missing, "repeated": reader.repeated}
    found = [(name, kind) for kind, names in kinds.items() for name in sorted(names)]
    rows = reader.rows
    if rows and found:
        connection.execute(
            sa.insert(DRIFT),
            [
                {
                    "load_id": load_id,
                    "endpoint": member_name(table.name),
                    "field": name,
                    "kind": kind,
                    "rows": rows,
                }
                for name, kind in found
            ],
        )


def quarantine_lines(
    connection: sa.Connection,
    load_id: int,
    manifest: Manifest,
    table: TabTable,
    lines: Iterable[BadLine],
    place: Places,
) -> None:
    """Quarantine lines that are not rows, under the endpoint they would be rows of.

    If the cells of a line identify the row that it would be, that row stays unchanged in the warehouse.
    """
    home = next((name for name, recipe in RECIPES.items() if recipe.table == table.name), None)
    columns = _own_columns(ENDPOINTS[home], RECIPES[home]) if home else {}
    rows = [
        {
            "load_id": load_id,
            "study_accession": manifest.study,
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
        for line in lines
    ]
    if rows:
        connection.execute(sa.insert(QUARANTINE), rows)


def count_conflicts(connection: sa.Connection, load_id: int, tables: Mapping[str, tuple[str, str]]) -> None:
    """Record under how many keys a table has rows that differ: the first of each is read.

    :param tables: by table, its name in the package and SQL that reads its rows.
    """
    for table, keys in sorted(ONCE):
        is_bare = set(TABLES[table].columns) <= set(keys)
        if table not in tables or is_bare:
            continue
        name, relation = tables[table]
        found = run_sql(connection, _differing(table, keys, relation)).scalar_one()
        of_table = (PACKAGE_TABLE.c.load_id == load_id) & (PACKAGE_TABLE.c.table_name == name)
        most = sa.func.greatest(PACKAGE_TABLE.c.conflicts, found)
        connection.execute(sa.update(PACKAGE_TABLE).where(of_table).values(conflicts=most))


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
