"""What a release reports of its own size: the rows of each table, from its `*_table_count.txt`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

#: A table and its rows; what stands between and around them is nowhere documented.
_LINE = re.compile(r"[\s\"'|]*(?P<table>[A-Za-z]\w*)[\s\"'|,:;=]+(?P<rows>\d{1,3}(?:,\d{3})+|\d+)[\s\"'|,;]*")


class InventoryError(ValueError):
    """The text is not an inventory: nothing is concluded from it."""


@dataclass(frozen=True)
class Inventory:
    """Rows by table, as the release counts them.

    :param source: name of the file that reports it.
    :param tables: rows by table, names in lower case.
    """

    source: str
    tables: Mapping[str, int]

    def rows(self, table: str) -> int | None:
        """Rows of a table; None if the inventory does not name it."""
        return self.tables.get(table)


def read_inventory(source: str, text: str) -> Inventory:
    """Read the lines that name a table and a number; a heading and other lines are passed over.

    :raises InventoryError: it does not list the table `study`, which has one row, or a table twice.
    """
    tables: dict[str, int] = {}
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        table, rows = found["table"].lower(), int(found["rows"].replace(",", ""))
        if tables.setdefault(table, rows) != rows:
            raise InventoryError(f"{source}: {table} has {tables[table]} and {rows} rows")
    if tables.get("study") != 1:
        raise InventoryError(f"{source}: not an inventory: the table study should have one row")
    return Inventory(source, tables)
