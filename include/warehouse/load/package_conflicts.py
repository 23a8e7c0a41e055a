"""Rows of package tables that differ under the key by which recipes read one of them."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from include.sources.package.joins import ONCE
from include.sources.package.tables import TABLES
from include.warehouse.schema.ops_tables import PACKAGE_TABLE
from include.warehouse.schema.statements import run_sql


def count(connection: sa.Connection, load_id: int, tables: Mapping[str, tuple[str, str]]) -> None:
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
