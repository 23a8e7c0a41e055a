"""Staging tables: their names, how they are made, and how blocks of bytes get into them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import psycopg2
import sqlalchemy as sa

from include.sources.endpoint import Endpoint
from include.sql import identifier, literal
from include.warehouse.schema.engine import ENCODING
from include.warehouse.schema.ops_tables import STAGED
from include.warehouse.schema.statements import run_sql

_ESCAPE = re.compile(rb"\\(.)")
_ESCAPED_BYTES = {b"\\": b"\\", b"t": b"\t", b"n": b"\n", b"r": b"\r", b"N": b"\\N"}


def staging_table(load_id: int, endpoint: Endpoint) -> str:
    """Name of an endpoint's staging table: `staging.l12_elisa`."""
    return f"staging.l{load_id}_{endpoint.table}"


@dataclass(frozen=True)
class StagedTables:
    """The staging tables of one load: of each endpoint that it has rows of, and of no other.

    An empty table costs as much to make as a small one to fill, and a small study has rows of few endpoints.

    :param filled: names of the endpoints that it has rows of.
    """

    load_id: int
    filled: frozenset[str]

    @classmethod
    def read(cls, connection: sa.Connection, load_id: int) -> StagedTables:
        """What is recorded of a load."""
        filled = sa.select(STAGED.c.endpoint).where(STAGED.c.load_id == load_id, STAGED.c.rows_staged > 0)
        return cls(load_id, frozenset(connection.scalars(filled)))

    def rows(self, endpoint: Endpoint) -> str:
        """SQL of an endpoint's rows: its table, or no rows of the same columns."""
        return staging_table(self.load_id, endpoint) if endpoint.name in self.filled else no_rows(endpoint)


def no_rows(endpoint: Endpoint) -> str:
    """SQL of a staging table without rows, which takes no table: the planner drops what is joined to it."""
    columns = ", ".join(f"null::text as {identifier(name)}" for name in endpoint.columns)
    return f"(select null::bigint as row_number, {columns} where false)"


def create(connection: sa.Connection, load_id: int, endpoint: Endpoint) -> str:
    """Make an endpoint's staging table, which is not there yet. Returns its name."""
    table = staging_table(load_id, endpoint)
    columns = ", ".join(f"{identifier(name)} text" for name in endpoint.columns)
    # Not logged: a crash may empty it, so publish counts the rows again before it believes them.
    run_sql(connection, f"create unlogged table {table} (row_number bigint, {columns})")
    return table


def drop(connection: sa.Connection, load_id: int, endpoints: Iterable[Endpoint]) -> None:
    """Remove the staging tables of endpoints, where they are."""
    tables = ", ".join(staging_table(load_id, endpoint) for endpoint in endpoints)
    run_sql(connection, f"drop table if exists {tables}")


def count(connection: sa.Connection, load_id: int, endpoints: Iterable[Endpoint]) -> dict[str, int | None]:
    """Rows in the staging tables of endpoints, by name; None where there is no table."""
    tables = {item.name: staging_table(load_id, item) for item in endpoints}
    there = "select n.name from unnest(cast(:names as text[])) n (name) where to_regclass(n.name) is not null"
    found = set(connection.scalars(sa.text(there), {"names": list(tables.values())}))
    query = " union all ".join(
        f"select {literal(name)}, count(*) from {table}" for name, table in tables.items() if table in found
    )
    counted: dict[str, int] = {}
    if query:
        counted.update((row[0], row[1]) for row in run_sql(connection, query))
    return {name: counted.get(name) for name in tables}


def analyze(connection: sa.Connection, load_id: int, endpoint: Endpoint) -> None:
    """Publishing joins on the keys: without their statistics it takes twice as long."""
    keys = ", ".join(("row_number", *endpoint.key_columns))
    run_sql(connection, f"analyze {staging_table(load_id, endpoint)} ({keys})")


class AlteredTextError(RuntimeError):
    """What the server stored is not the text that was sent to it."""


@dataclass(frozen=True)
class Form:
    """A form of COPY.

    :param options: as COPY takes them, without the encoding.
    :param null: how a missing cell is written.
    :param has_escapes: a backslash begins an escape.
    """

    options: str
    null: str
    has_escapes: bool = False


#: Any text, with escapes.
ESCAPED = Form("format text", r"\N", has_escapes=True)
#: Text of which no cell holds a tab, an end of line or a backslash.
PLAIN = Form("format text, null ''", "")


class Filling:
    """Fills one table, which nobody else writes to, and proves that it holds the very text that was sent.

    A count of rows is right also where every character is wrong.

    :param table: its name with its schema.
    """

    def __init__(self, connection: sa.Connection, table: str) -> None:
        self._connection = connection
        self._table = table
        #: Sum of the checksums of what was sent, and the row numbers of it, by how it was sent.
        self._sent: dict[tuple[tuple[str, ...], Form], tuple[int, list[range]]] = {}

    def copy(
        self, columns: Sequence[str], form: Form, blocks: Iterator[bytes], numbers: range = range(0)
    ) -> int:
        """Send blocks of whole lines of UTF-8. Returns the rows the server made of them.

        :param numbers: the row numbers among them, where several copies fill one table.
        :raises Exception: what reading the blocks raises.
        """
        names = ", ".join(map(identifier, columns))
        statement = f"copy {self._table} ({names}) from stdin (encoding {literal(ENCODING)}, {form.options})"
        driver: Any = self._connection.connection.driver_connection
        source = _Blocks(blocks, form)
        with driver.cursor() as cursor, io.BufferedReader(source) as stream:
            try:
                cursor.copy_expert(statement, stream, size=1 << 16)
            except psycopg2.Error:
                # The driver reports an error of ours to the server, and then that of the server to us.
                if source.error is not None:
                    raise source.error from None
                raise
            count: int = cursor.rowcount
        sent, ranges = self._sent.get((tuple(columns), form), (0, []))
        self._sent[tuple(columns), form] = (sent + source.checksum, [*ranges, numbers])
        return count

    def prove(self) -> None:
        """Compare what the table holds with what was sent.

        :raises AlteredTextError: it is another text.
        """
        for (columns, form), (sent, ranges) in self._sent.items():
            statement = f"select coalesce(sum({_checksum(columns, form)}), 0) from {self._table}"
            if len(self._sent) > 1:
                rows = ",".join(f"[{item.start},{item.stop})" for item in ranges)
                statement += f" where row_number <@ '{{{rows}}}'::int8multirange"
            landed = int(run_sql(self._connection, statement).scalar_one())
            if landed != sent:
                raise AlteredTextError(
                    f"{self._table}: the server stored another text than was sent to it (checksum {landed},"
                    f" not {sent}): look at the encodings of the server and of this session"
                )


def _checksum(columns: Sequence[str], form: Form) -> str:
    """SQL: the checksum of a row of a table as it was sent, in UTF-8 and without escapes."""
    cells = [f"coalesce({identifier(name)}::text, {literal(form.null)})" for name in columns]
    # A function takes 100 arguments at most.
    parts = (cells[start : start + 90] for start in range(0, len(cells), 90))
    line = " || e'\\t' || ".join(f"concat_ws(e'\\t', {', '.join(part)})" for part in parts)
    return f"crc32(convert_to({line}, 'UTF8'))"


class _Blocks(io.RawIOBase):
    """Blocks of bytes as a readable stream, as COPY wants one, with the checksum of their lines."""

    def __init__(self, blocks: Iterator[bytes], form: Form) -> None:
        self._blocks = blocks
        self._form = form
        self._left = b""
        self.checksum = 0
        self.error: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            try:
                block = next(self._blocks, None)
            except Exception as error:
                self.error = error
                raise
            if block is None:
                return 0
            self.checksum += sum(map(crc32, _lines(block, self._form)))
            self._left = block
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def _lines(block: bytes, form: Form) -> list[bytes]:
    """The lines of a block, without escapes; what stands for a missing cell stays."""
    lines = block.split(b"\n")
    lines.pop()
    # Nearly always a backslash only begins such a mark.
    if form.has_escapes and block.count(b"\\") != block.count(b"\\N"):
        return [_ESCAPE.sub(_unescaped, line) for line in lines]
    return lines


def _unescaped(found: re.Match[bytes]) -> bytes:
    return _ESCAPED_BYTES[found[1]]
