"""Staging tables: their names, how they are made, and how blocks of bytes get into them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg2
import sqlalchemy as sa

from include.sources.model import Endpoint


def staging_table(load_id: int, endpoint: Endpoint) -> str:
    """Name of an endpoint's staging table: `staging.l12_elisa`."""
    return f"staging.l{load_id}_{endpoint.table}"


def has_table(endpoint: Endpoint, *, is_known: bool) -> bool:
    """Whether a load has a staging table for an endpoint: not for what its route cannot tell and did not."""
    return endpoint.is_served or is_known


def create(connection: sa.Connection, load_id: int, endpoint: Endpoint) -> str:
    """Make an endpoint's staging table anew, empty. Returns its name."""
    table = staging_table(load_id, endpoint)
    columns = ", ".join(f'"{name}" text' for name in endpoint.columns)
    connection.exec_driver_sql(f"drop table if exists {table}")
    # Not logged: a crash may empty it, so publish counts the rows again before it believes them.
    connection.exec_driver_sql(f"create unlogged table {table} (row_number bigint, {columns})")
    return table


def count(connection: sa.Connection, load_id: int, endpoints: Iterable[Endpoint]) -> dict[str, int | None]:
    """Rows in the staging tables of endpoints, by name; None for one that is gone."""
    tables = {item.name: staging_table(load_id, item) for item in endpoints}
    there = "select n.name from unnest(cast(:names as text[])) n (name) where to_regclass(n.name) is not null"
    found = set(connection.scalars(sa.text(there), {"names": list(tables.values())}))
    asked = " union all ".join(
        f"select '{name}', count(*) from {table}" for name, table in tables.items() if table in found
    )
    counted: dict[str, int] = {}
    if asked:
        counted.update((row[0], row[1]) for row in connection.exec_driver_sql(asked))
    return {name: counted.get(name) for name in tables}


def analyze(connection: sa.Connection, load_id: int, endpoint: Endpoint) -> None:
    """Publishing joins on the keys: without their statistics it takes twice as long."""
    keys = ", ".join(("row_number", *endpoint.key_columns))
    connection.exec_driver_sql(f"analyze {staging_table(load_id, endpoint)} ({keys})")


def copy(connection: sa.Connection, statement: str, blocks: Iterator[bytes]) -> int:
    """Send blocks of bytes to a COPY. Returns the rows it made of them.

    :raises Exception: what reading the blocks raises.
    """
    driver: Any = connection.connection.driver_connection
    source = _Blocks(blocks)
    with driver.cursor() as cursor, io.BufferedReader(source) as stream:
        try:
            cursor.copy_expert(statement, stream, size=1 << 16)
        except psycopg2.Error:
            # The driver tells the server of an error of ours, and then us of the server's.
            if source.error is not None:
                raise source.error from None
            raise
        count: int = cursor.rowcount
    return count


class _Blocks(io.RawIOBase):
    """Blocks of bytes as a readable stream, as COPY wants one."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._left = b""
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
            self._left = block
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size
