"""What work costs the warehouse, in numbers that do not depend on the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

_WRITTEN = """
select case when relpersistence = 't' then 'temporary' else schemaname end,
    sum(n_tup_ins + n_tup_upd + n_tup_del)
from pg_stat_xact_user_tables s join pg_class c on c.oid = s.relid group by 1"""


@dataclass
class Cost:
    """Statements sent, and rows written by schema; those of temporary tables under `temporary`."""

    statements: int = 0
    written: dict[str, int] = field(default_factory=dict)


@contextmanager
def measured(engine: sa.Engine) -> Iterator[Cost]:
    """Count what is sent over an engine, and what its transactions write before they commit."""
    cost = Cost()

    def sent(*_: object) -> None:
        cost.statements += 1

    def committed(connection: sa.Connection) -> None:
        for schema, rows in connection.exec_driver_sql(_WRITTEN).all():
            if rows:
                cost.written[schema] = cost.written.get(schema, 0) + int(rows)
        cost.statements -= 1  # that one is ours

    sa.event.listen(engine, "before_cursor_execute", sent)
    sa.event.listen(engine, "commit", committed)
    try:
        yield cost
    finally:
        sa.event.remove(engine, "before_cursor_execute", sent)
        sa.event.remove(engine, "commit", committed)
