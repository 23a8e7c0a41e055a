"""The work list of a run: what was decided of each scope, and the load that does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypedDict

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.pipeline import planned_loads
from include.pipeline.run_ledger import PLANNED
from include.pipeline.work_decisions import Action, WorkDecision, batches
from include.sources.remote_files import RemoteFile
from include.sql import literal
from include.warehouse.load import fence
from include.warehouse.load.fence import Attempt, SupersededError
from include.warehouse.model.registry import SOURCES
from include.warehouse.schema.ops_tables import LOAD, WORK

#: Columns of `ops.work` that a run which decides once more writes again.
_DECIDED = ("action", "reason", "load_id", "expected_rows", "expected_bytes")
#: As many rows take as long as what a study costs beside its rows, however few: half a second of a processor.
ROWS_OF_A_STUDY = 10_000
#: Advisory lock of whoever writes a work list.
WORK_LOCK = 7_318_004


def write_packages(
    engine: sa.Engine, run: Attempt, decisions: Iterable[tuple[WorkDecision, RemoteFile | None]]
) -> None:
    """Write a work list that names the package of each load."""
    pairs = list(decisions)
    packages = {(item.scope, item.release): file for item, file in pairs if file is not None}
    write(engine, run, [item for item, _ in pairs], {}, packages)


def write(
    engine: sa.Engine,
    run: Attempt,
    decisions: list[WorkDecision],
    fetches: Mapping[tuple[str, str], str],
    packages: Mapping[tuple[str, str], RemoteFile] | None = None,
) -> None:
    """Write the work list. What it decides to load or to withdraw is taken over from the runs before."""
    with engine.begin() as connection:
        # One list after the other: the second sees the loads of the first.
        connection.exec_driver_sql(f"set local lock_timeout = {literal(fence.LOCK_TIMEOUT)}")
        connection.execute(sa.text("select pg_advisory_xact_lock(:lock)"), {"lock": WORK_LOCK})
        moving = {
            (item.source, item.scope) for item in decisions if item.action in (Action.LOAD, Action.WITHDRAW)
        }
        known = planned_loads.WarehouseScopes.read(connection, moving)
        rows = {}
        for item in decisions:
            load_id, action, reason = None, item.action, item.reason
            package = (packages or {}).get((item.scope, item.release))
            try:
                if action is Action.LOAD:
                    fetch_id = fetches.get((item.scope, item.release))
                    load_id, resumed = planned_loads.load_for(
                        connection, run, item, fetch_id, package, known=known
                    )
                    reason = f"{reason}; resumes load {load_id}" if resumed else reason
                elif action is Action.WITHDRAW:
                    load_id = planned_loads.new_load(
                        connection, run, item, "withdrawal", PLANNED, known=known
                    )
            except SupersededError as error:  # this attempt waited while a later run decided
                load_id, action, reason = None, Action.HOLD, str(error)
            rows[item.scope, item.release] = {
                "run_id": run.run_id,
                "source": item.source,
                "scope": item.scope,
                "release_version": item.release,
                "action": action.value,
                "reason": reason,
                "load_id": load_id,
                "expected_rows": item.expected_rows,
                "expected_bytes": package.size_bytes if package else None,
            }
        if rows:
            statement = upsert(WORK)
            key = [WORK.c.run_id, WORK.c.source, WORK.c.scope, WORK.c.release_version]
            changed = {column.name: column for column in statement.excluded if column.name in _DECIDED}
            changing = statement.on_conflict_do_update(index_elements=key, set_=changed)
            connection.execute(changing, list(rows.values()))


class LoadBatch(TypedDict):
    """Loads that one task brings on, and the scopes that they are of: of ImmPort, the studies."""

    load_ids: list[int]
    studies: list[str]


def work_of(
    engine: sa.Engine, run_id: str, rows: int, most: int, least: int
) -> tuple[list[LoadBatch], list[int]]:
    """Loads of a run as batches, and its withdrawals, as the work list has them.

    :param rows: rows that are worth a task of their own; a study counts as `ROWS_OF_A_STUDY` beside its own.
    :param most: tasks at most.
    :param least: tasks at least, as long as there are studies for them.
    """
    order = (sa.func.length(WORK.c.scope), WORK.c.scope, LOAD.c.load_id)
    statement = sa.select(WORK, LOAD.c.release_version.label("release")).join(
        LOAD, LOAD.c.load_id == WORK.c.load_id
    )
    with engine.connect() as connection:
        work = connection.execute(statement.where(WORK.c.run_id == run_id).order_by(*order)).all()
    loads = sorted(
        (row for row in work if row.action == Action.LOAD),
        key=lambda row: SOURCES[row.source].source.line.parse(row.release).key,
    )
    sizes = {row.load_id: ROWS_OF_A_STUDY + (row.expected_rows or 0) for row in loads}
    studies = {row.load_id: row.scope for row in loads}
    withdrawals = [row.load_id for row in work if row.action == Action.WITHDRAW]
    found = batches(sizes, studies, rows=rows, most=most, least=least) if loads else []
    return [
        {"load_ids": ids, "studies": list(dict.fromkeys(studies[number] for number in ids))} for ids in found
    ], withdrawals
