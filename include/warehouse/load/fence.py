"""The fence of a load: of all attempts to work on it, only the newest may write.

Airflow gives up on a task that stopped, and starts another try; two runs may want one study. The older
attempt may wake up later, in the middle of a step. Attempts are numbered when they begin, `ops.load.fence`
has the number of the newest that took the load; whoever writes for a load proves first that it is that one:

    take     waits for, or ends, what older attempts are writing, and shuts them out
    hold     at the start of a transaction: no newer attempt takes the load before its end
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from include.sql import literal
from include.warehouse.schema.ops_tables import ATTEMPT, LOAD, STEP

#: First half of the advisory lock of a load; the second is its number.
LOAD_LOCK = 7_318_003
#: Whoever waits for a lock gives up, and is tried again.
LOCK_TIMEOUT = "5min"
#: What stands on the record of a step or a run that has no end.
NO_FINAL_STATUS = "ended without a final status (process killed?)"

# Those that write, not one that takes the load just now. Sessions of the same login only: others' may not be
# ended, they are waited for.
_END_OLDER = """
select pg_terminate_backend(l.pid, 5000) from pg_locks l join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.mode = 'ShareLock' and l.granted
    and l.database = a.datid and a.datname = current_database()
    and l.classid = :space and l.objid = :load and l.objsubid = 2
    and l.pid <> pg_backend_pid() and a.usename = session_user
"""


class SupersededError(RuntimeError):
    """A newer attempt, of this run or of another one, has taken over the load."""


@dataclass(frozen=True)
class Attempt:
    """One attempt of a task to work on loads.

    :param number: higher than those of all attempts that began before.
    """

    run_id: str
    number: int

    @classmethod
    def begin(cls, engine: sa.Engine, run_id: str, step: str) -> Attempt:
        """Number a new attempt, before it looks at anything."""
        statement = sa.insert(ATTEMPT).values(run_id=run_id, step=step).returning(ATTEMPT.c.attempt_id)
        with engine.begin() as connection:
            return cls(run_id, connection.execute(statement).scalar_one())


def take(engine: sa.Engine, load_id: int, attempt: Attempt) -> None:
    """Take a load for a step of the run it belongs to; what older attempts are writing for it is ended.

    :raises SupersededError: a newer attempt has it, or it belongs to another run.
    """
    with engine.begin() as connection:
        take_over(connection, load_id, attempt, only_own=True)


def take_over(connection: sa.Connection, load_id: int, attempt: Attempt, *, only_own: bool = False) -> None:
    """Take a load, from whichever run it belongs to. The caller commits.

    :param only_own: not from another run.
    :raises SupersededError: a newer attempt has it.
    """
    if not is_free(connection, load_id):  # somebody writes for it just now
        _refuse(connection, load_id, attempt, only_own=only_own)
        _end_older(connection, load_id)
        _lock(connection, load_id, "pg_advisory_xact_lock")
    # Alone with the load: whoever still wrote for it has ended, whoever comes later finds the new number.
    _refuse(connection, load_id, attempt, only_own=only_own)
    mine = sa.update(LOAD).where(LOAD.c.load_id == load_id)
    connection.execute(mine.values(fence=attempt.number, run_id=attempt.run_id))
    ended = {"state": "failed", "ended_at": sa.func.now(), "message": NO_FINAL_STATUS}
    running = (STEP.c.load_id == load_id) & (STEP.c.state == "running")
    connection.execute(sa.update(STEP).where(running).values(**ended))


def hold(connection: sa.Connection, load_id: int, number: int) -> None:
    """Keep a load until the end of the transaction.

    :param number: the fence of the load as the caller took or read it.
    :raises SupersededError: another attempt has taken it.
    """
    _lock(connection, load_id, "pg_advisory_xact_lock_shared")
    if reason := taken_by(connection, load_id, number):
        raise SupersededError(reason)


@contextmanager
def holding(engine: sa.Engine, load_id: int, number: int) -> Iterator[None]:
    """Keep a load while something outside of the database is written for it; errors as of `hold`."""
    with engine.begin() as connection:
        hold(connection, load_id, number)
        yield


def taken_by(connection: sa.Connection, load_id: int, number: int) -> str | None:
    """Who has taken the load from an attempt; None while it is the newest."""
    row = _load(connection, load_id)
    return None if row.fence == number else _reason(row)


def _refuse(connection: sa.Connection, load_id: int, attempt: Attempt, *, only_own: bool) -> None:
    row = _load(connection, load_id)
    is_foreign = only_own and row.run_id not in (None, attempt.run_id)
    if is_foreign or row.fence > attempt.number:
        raise SupersededError(_reason(row))


def _load(connection: sa.Connection, load_id: int) -> sa.Row:
    table = LOAD.c
    columns = (table.load_id, table.scope, table.release_version, table.fence, table.run_id)
    return connection.execute(sa.select(*columns).where(table.load_id == load_id)).one()


def _reason(row: sa.Row) -> str:
    name = f"{row.scope} {row.release_version}"
    return f"{name}: superseded: attempt {row.fence} of run {row.run_id} has taken over load {row.load_id}"


def _lock(connection: sa.Connection, load_id: int, function: str) -> None:
    # Before anything is read, in a statement of its own: what is read then is of after the wait.
    limit = f"set_config('lock_timeout', {literal(LOCK_TIMEOUT)}, true)"
    lock = sa.text(f"select {limit}, {function}(:space, :load)")
    connection.execute(lock, {"space": LOAD_LOCK, "load": load_id})


def is_free(connection: sa.Connection, load_id: int) -> bool:
    """Whether no session holds a load; then it is locked for this transaction alone."""
    lock = sa.text("select pg_try_advisory_xact_lock(:space, :load)")
    return bool(connection.scalar(lock, {"space": LOAD_LOCK, "load": load_id}))


def _end_older(connection: sa.Connection, load_id: int) -> None:
    """End sessions that hold the load: a process that was stopped within a transaction never would."""
    role = connection.scalar(sa.text("select current_setting('role')"))
    # A login that acts as another role may end its own sessions only as itself.
    connection.exec_driver_sql("set local role none")
    connection.execute(sa.text(_END_OLDER), {"space": LOAD_LOCK, "load": load_id})
    connection.execute(sa.text("select set_config('role', :role, true)"), {"role": role})
