"""The tables of a package in the database while it is unpacked: as text, their columns numbered.

Most tables of most packages are a few rows, and to make a table takes longer than to fill it with these: such
tables share one. A larger one has a table of its own. All of them are temporary: nobody else reads them, and
they are gone with the transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

import sqlalchemy as sa

from include.sources.package.column_samples import ROWS, TableSample, key_places, order_sql
from include.sources.package.layout import TabTable
from include.sources.package.package_reader import MAX_LINE, QUOTE, TabReader
from include.sources.reader import NotDataError
from include.warehouse.load.staging_tables import PLAIN, Filling
from include.warehouse.schema.statements import run_sql

#: Bytes and columns up to which a table shares one with others: some hundred rows.
SMALL, NARROW = 64 << 10, 64
#: Tables of a package know no escapes, and no quotes: the one that COPY wants is in none of them.
_TAB = replace(PLAIN, options=rf"format csv, delimiter e'\t', quote e'\x{ord(QUOTE):02x}', null ''")
_SHARED = "pg_temp.package_rows"


@dataclass(frozen=True)
class StoredTable:
    """A table of a package that has rows.

    :param header: its names.
    :param longest: bytes that its longest row has at most.
    :param relation: SQL of its rows: `row_number`, and its columns `c1`, `c2` and so on.
    :param sample: the rows by which releases are compared; None where nothing identifies a row.
    """

    table: TabTable
    header: tuple[str, ...]
    rows: int
    longest: int
    relation: str
    sample: TableSample | None

    @property
    def named_rows(self) -> str:
        """SQL of its rows under the names of its declaration."""
        place = self.table.places(self.header)
        columns = (f"{_cell(place.get(item, ()))} as {item}" for item in self.table.columns)
        return f"(select t.row_number, {', '.join(columns)} from {self.relation})"


class PackageRelations:
    """Stores the tables of one package. The caller ends the transaction, and with it the tables."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        #: Lines of the tables that share one, with the number of their columns.
        self._shared: list[tuple[int, list[bytes]]] = []

    def add(self, table: TabTable, reader: TabReader) -> StoredTable | None:
        """Take the rows of a table; None if it has none. Small ones are stored by `finish`.

        :raises NotDataError: the table cannot be read.
        """
        blocks, first, size = reader.blocks(), [], 0
        for block in blocks:
            first.append(block)
            size += len(block)
            if size > SMALL or len(reader.header) > NARROW:
                return self._of_its_own(table, reader, chain(first, blocks))
        return self._sharing(table, reader, b"".join(first)) if reader.rows else None

    def finish(self) -> None:
        """Store the tables that share one."""
        if not self._shared:
            return
        width = max(columns for columns, _ in self._shared)
        names = ["table_number", "row_number", *_columns(width)]
        texts = ", ".join(f"{name} text" for name in names[2:])
        run_sql(
            self._connection,
            f"create temporary table package_rows (table_number int, row_number bigint, {texts})"
            " on commit drop",
        )
        filling = Filling(self._connection, _SHARED)
        stored = filling.copy(names, _TAB, self._lines(width))
        _require_all(stored, sum(len(rows) for _, rows in self._shared))
        filling.prove()
        # The statistics say how many rows each of the tables has.
        target = max(100, len(self._shared))
        analyze = f"set local default_statistics_target = {target}; analyze {_SHARED} (table_number)"
        run_sql(self._connection, analyze)
        self._shared.clear()

    def _lines(self, width: int) -> Iterator[bytes]:
        for number, (columns, rows) in enumerate(self._shared):
            rest = b"\t" * (width - columns) + b"\n"
            yield b"".join(b"%d\t%d\t%b%b" % (number, at, row, rest) for at, row in enumerate(rows, 1))

    def _sharing(self, table: TabTable, reader: TabReader, lines: bytes) -> StoredTable:
        rows = lines.split(b"\n")[:-1]
        _require_all(len(rows), reader.rows)
        relation = f"{_SHARED} t where t.table_number = {len(self._shared)}"
        self._shared.append((len(reader.header), rows))
        key = key_places(table, reader.header)
        texts = (row.decode() for row in rows)
        sample = TableSample.of_lines(table.name, reader.header, key, texts) if key else None
        return StoredTable(table, reader.header, len(rows), max(map(len, rows)), relation, sample)

    def _of_its_own(self, table: TabTable, reader: TabReader, blocks: Iterable[bytes]) -> StoredTable:
        name, columns = f"package_{table.name}", _columns(len(reader.header))
        run_sql(
            self._connection,
            f"create temporary table {name} (row_number bigint generated always as identity,"
            f" {', '.join(f'{column} text' for column in columns)}) on commit drop",
        )
        relation = f"pg_temp.{name} t"
        filling = Filling(self._connection, f"pg_temp.{name}")
        count = filling.copy(columns, _TAB, iter(blocks))
        _require_all(count, reader.rows)
        filling.prove()
        places = table.places(reader.header).items()
        keys = [f"c{at[0] + 1}" for item, at in places if item.endswith(("_accession", "_id"))]
        analyzed = ", ".join(["row_number", *keys])
        run_sql(
            self._connection,
            f"set local default_statistics_target = 10; analyze pg_temp.{name} ({analyzed})",
        )
        sample = self._sample(table, reader, relation)
        return StoredTable(table, reader.header, count, MAX_LINE, relation, sample)

    def _sample(self, table: TabTable, reader: TabReader, relation: str) -> TableSample | None:
        key = key_places(table, reader.header)
        if not key:
            return None
        found = run_sql(
            self._connection,
            f"select {', '.join(_columns(len(reader.header)))} from {relation}"
            f" order by {order_sql(f'c{at + 1}' for at in key)}, row_number limit {ROWS}",
        )
        return TableSample.of_rows(table.name, reader.header, key, map(tuple, found.all()))


def _columns(number: int) -> list[str]:
    """The columns are numbered: a name from a file gets into no statement."""
    return [f"c{at}" for at in range(1, number + 1)]


def _cell(places: tuple[int, ...]) -> str:
    """SQL of a column in a table whose columns are numbered: the first of its cells that is not empty."""
    cells = ", ".join(f"t.c{at + 1}" for at in places)
    return f"coalesce({cells})" if len(places) > 1 else cells or "null::text"


def _require_all(stored: int, read: int) -> None:
    if stored != read:
        raise NotDataError(f"{read} lines became {stored} rows")
