"""What work costs, in numbers that do not depend on the machine."""

from __future__ import annotations

import tracemalloc
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import sqlalchemy as sa

from include.sources.json_blocks import ExactBlock, NativeBlock
from tests.support.source import RowSource

_WRITTEN = """
select case when relpersistence = 't' then 'temporary' else schemaname end,
    sum(n_tup_ins + n_tup_upd + n_tup_del)
from pg_stat_xact_user_tables s join pg_class c on c.oid = s.relid group by 1"""


@dataclass
class Cost:
    """What some work cost. How a body is cut into blocks is up to the network: rows held and memory are for
    upper bounds, all else is exact.

    :param statements: sent to the warehouse, COPY not counted.
    :param written: rows written by schema; those of temporary tables under `temporary`.
    :param fetched: bytes of the bodies that the source sent.
    :param held: rows held at most, be it those of answers or those of one statement's result.
    :param memory: bytes allocated at most, above those at the start.
    """

    statements: int = 0
    written: dict[str, int] = field(default_factory=dict)
    fetched: int = 0
    held: int = field(default=0, compare=False)
    memory: int = field(default=0, compare=False)


@contextmanager
def measured(engine: sa.Engine, source: RowSource | None = None) -> Iterator[Cost]:
    """Count what is sent over an engine, what its transactions write before they commit, and what comes of a
    source."""
    cost = Cost()
    fetched = source.sent if source else 0
    with ExitStack() as stack:
        for kind in (ExactBlock, NativeBlock):
            stack.enter_context(_counted(kind, cost))
        stack.enter_context(_listening(engine, cost))
        stack.enter_context(_allocated(cost))
        yield cost
    cost.fetched = source.sent - fetched if source else 0


@contextmanager
def _listening(engine: sa.Engine, cost: Cost) -> Iterator[None]:
    def sent(_: object, cursor: Any, *__: object) -> None:
        cost.statements += 1
        if cursor.description is not None:
            cost.held = max(cost.held, cursor.rowcount)

    def committed(connection: sa.Connection) -> None:
        for schema, rows in connection.exec_driver_sql(_WRITTEN).all():
            if rows:
                cost.written[schema] = cost.written.get(schema, 0) + int(rows)
        # Else a next transaction that comes soon would count these once more.
        connection.exec_driver_sql("select pg_stat_force_next_flush()")
        cost.statements -= 2  # these are ours

    sa.event.listen(engine, "after_cursor_execute", sent)
    sa.event.listen(engine, "commit", committed)
    try:
        yield
    finally:
        sa.event.remove(engine, "after_cursor_execute", sent)
        sa.event.remove(engine, "commit", committed)


@contextmanager
def _counted(kind: type[ExactBlock] | type[NativeBlock], cost: Cost) -> Iterator[None]:
    """Count the rows of blocks while anybody holds them."""
    made: Any = kind.__init__
    alive = 0

    def dropped(rows: int) -> None:
        nonlocal alive
        alive -= rows

    def counted(self: Any, *given: Any) -> None:
        nonlocal alive
        made(self, *given)
        alive += len(self)
        cost.held = max(cost.held, alive)
        weakref.finalize(self, dropped, len(self))

    with mock.patch.object(kind, "__init__", counted):
        yield


@contextmanager
def _allocated(cost: Cost) -> Iterator[None]:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        yield
        cost.memory = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
