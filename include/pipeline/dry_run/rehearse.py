"""The dry run of one scope: everything that a replay does, in the same order, and then taken back.

    staged     each release, as a load of its own in the state `dry run`; committed, because Great
               Expectations reads staging tables in sessions of its own
    judged     the gate of each release                  } in one transaction
    published  what the gate lets through, oldest first  } that is rolled back once the counts are read

A release is published over what the one before it left, as in a replay; so what each of them changes is what
the replay will report. Afterwards the loads and what was staged are removed. A process that is killed half
way leaves them: the next dry run removes them, once no session is at work on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext

import sqlalchemy as sa

from include.pipeline import run_ledger, steps
from include.pipeline.batch_runner import StepContext
from include.pipeline.dry_run import findings
from include.pipeline.dry_run.findings import ReplayForecast
from include.pipeline.dry_run.plan import PLANNED
from include.pipeline.run_ledger import Load, Step
from include.pipeline.verdict import is_final
from include.quality import gate
from include.quality.outcome import JudgedLoad
from include.sources.source import Source
from include.sql import literal
from include.warehouse.load import fence, stage_study
from include.warehouse.load.fence import Attempt
from include.warehouse.load.publish import publish_in
from include.warehouse.load.staged_load import StagingLostError
from include.warehouse.model.registry import SOURCES
from include.warehouse.schema.ops_tables import DRY_RUN, DRY_RUN_STATE, LOAD

#: The transaction has no statement of its own while its releases are staged and checked.
_LONGEST_WAIT = "6h"


def rehearse(tools: StepContext, attempt: Attempt, source: Source, scope: str, step: Step) -> None:
    """Count what a replay of a scope would change, at the releases that the plan of the run names.

    :raises Exception: whatever may pass by itself, if another try follows.
    """
    planned = _planned(tools, source, scope)
    if not planned:
        step.skip("was counted before")
        return
    loads = _opened(tools, attempt, planned)
    try:
        found = _counted(tools, loads)
    finally:
        _remove(tools.engine, [load.load_id for load in loads])
    findings.record(tools.engine, tools.run_id, found)
    step.rows = sum(item.rows for item in found)
    step.message = f"counted at {', '.join(item.load.release for item in found)}"


def remove_leftovers(engine: sa.Engine) -> None:
    """Remove what dry runs left that were killed: their loads that no session is at work on."""
    with engine.connect() as connection:
        found = connection.scalars(sa.select(LOAD.c.load_id).where(LOAD.c.state == DRY_RUN_STATE)).all()
    _remove(engine, found)


def _planned(tools: StepContext, source: Source, scope: str) -> list[sa.Row]:
    """What is to be counted yet, the oldest release first."""
    of_scope = (DRY_RUN.c.source == source.name) & (DRY_RUN.c.scope == scope)
    wanted = sa.select(DRY_RUN).where(of_scope, DRY_RUN.c.run_id == tools.run_id, DRY_RUN.c.state == PLANNED)
    with tools.engine.connect() as connection:
        return list(connection.execute(wanted.order_by(DRY_RUN.c.release_key)))


def _opened(tools: StepContext, attempt: Attempt, planned: list[sa.Row]) -> list[Load]:
    """A load of the dry run for each release: none of their states is one that leads to the star."""
    numbers = []
    with tools.engine.begin() as connection:
        for row in planned:
            values = {
                "source": row.source,
                "scope": row.scope,
                "run_id": tools.run_id,
                "fence": attempt.number,
                "release_key": row.release_key,
                "release_version": row.release_version,
                "fetch_id": row.fetch_id,
                "state": DRY_RUN_STATE,
            }
            statement = sa.insert(LOAD).values(values).returning(LOAD.c.load_id)
            numbers.append(connection.execute(statement).scalar_one())
    return [run_ledger.load(tools.engine, number) for number in numbers]


def _remove(engine: sa.Engine, load_ids: Iterable[int]) -> None:
    """Remove loads of dry runs and what was staged of them, but for those that a session is at work on."""
    for load_id in load_ids:
        with engine.begin() as connection:
            mine = (LOAD.c.load_id == load_id) & (LOAD.c.state == DRY_RUN_STATE)
            source = connection.scalar(sa.select(LOAD.c.source).where(mine))
            if source is not None and fence.is_free(connection, load_id):
                stage_study.forget(connection, SOURCES[source], load_id)
                connection.execute(sa.delete(LOAD).where(mine))


def _counted(tools: StepContext, loads: list[Load]) -> list[ReplayForecast]:
    try:
        return _Rehearsal(tools, loads).run()
    except StagingLostError:  # not unchanged after all: a replay stages it, too
        return _Rehearsal(tools, loads, anew=True).run()


class _Rehearsal:
    """The releases of one scope on their way.

    :param anew: stage them also where they landed the same as before.
    """

    def __init__(self, tools: StepContext, loads: list[Load], *, anew: bool = False) -> None:
        self._tools, self._anew = tools, anew
        self._found = [ReplayForecast(load) for load in loads]

    def run(self) -> list[ReplayForecast]:
        with _taken_back(self._tools.engine) as connection:
            for item in self._found:
                fence.hold(connection, item.load.load_id, item.load.fence)
            self._each("stage", connection, self._stage)
            self._each("check", connection, self._judge)
            for item in self._found:
                findings.read_quarantine(connection, item)
            self._each("publish", connection, self._publish)
            for item in self._found:
                findings.read_changes(connection, item)
        return self._found

    def _each(self, step: str, connection: sa.Connection, work: Callable[..., None]) -> None:
        """Do a step for each release that none before has failed."""
        for item in self._found:
            if item.failed is not None:
                continue
            try:
                with connection.begin_nested():
                    work(connection, item)
            except StagingLostError:
                raise
            except Exception as error:
                if not is_final(error, is_last_try=self._tools.is_last_try):
                    raise
                item.failed = f"{step}: {run_ledger.brief(error)}"

    def _stage(self, _: sa.Connection, item: ReplayForecast) -> None:
        """In transactions of its own, which are committed."""
        engine = self._tools.engine
        scratch = Step(engine, 0)
        steps.stage(self._tools, item.load, scratch, anew=self._anew)
        item.load = run_ledger.load(engine, item.load.load_id)
        item.rows = scratch.rows or 0

    def _judge(self, connection: sa.Connection, item: ReplayForecast) -> None:
        load = item.load
        if load.same_as is not None:
            return
        about = JudgedLoad(load.load_id, load.source, load.scope, load.release, load.release_key)
        outcome = gate.judge(self._tools.engine, about, writing=lambda: nullcontext(connection))
        item.withheld = tuple(outcome.withheld)
        if outcome.critical:
            # Not raised: what it quarantined is counted all the same.
            item.failed = f"check: {run_ledger.brief(steps.closed(load, outcome))}"

    def _publish(self, connection: sa.Connection, item: ReplayForecast) -> None:
        publish_in(connection, steps.publication(item.load), item.load.fence)
        connection.exec_driver_sql("discard temp")  # the next release makes tables of the same names


@contextmanager
def _taken_back(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction of which nothing stays."""
    with engine.connect() as connection:
        transaction = connection.begin()
        try:
            limit = f"set local idle_in_transaction_session_timeout = {literal(_LONGEST_WAIT)}"
            connection.exec_driver_sql(limit)
            yield connection
        finally:
            transaction.rollback()
