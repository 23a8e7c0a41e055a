"""One step for each load of a batch: what the steps work with, and what becomes of a load that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import sqlalchemy as sa

from include.landing.zone import Landing
from include.pipeline import run_ledger
from include.pipeline.route import RoutePreference
from include.pipeline.run_ledger import FAILED, Load, Step, StudyRef, TaskRef
from include.pipeline.verdict import is_final, may_pass
from include.warehouse.load import fence
from include.warehouse.load.fence import Attempt, SupersededError

#: Takes the number of a step that has ended.
Ended = Callable[[int], None]


class Runner(Protocol):
    """Whoever does steps of a run.

    :ivar task: the task that does them; None where no Airflow runs.
    :ivar ended: is given the number of each step once it has ended, however it did.
    """

    @property
    def engine(self) -> sa.Engine: ...
    @property
    def run_id(self) -> str: ...
    @property
    def task(self) -> TaskRef | None: ...
    @property
    def ended(self) -> Ended | None: ...


@dataclass(frozen=True)
class StepContext:
    """What the steps work with.

    :param accept_vanished: a person accepts that many results of a study are gone.
    :param preference: the routes that the run requests.
    :param is_last_try: there is no further try: an error that may pass is final.
    :param task: the task that does the step.
    :param ended: is given the number of each step once it has ended, however it did.
    """

    engine: sa.Engine
    landing: Landing
    run_id: str
    accept_vanished: bool = False
    preference: RoutePreference = field(default_factory=RoutePreference)
    is_last_try: bool = False
    task: TaskRef | None = None
    ended: Ended | None = None


@dataclass(frozen=True)
class BatchOutcome:
    """Loads that failed for good, those worth another try, and those another attempt took, with why."""

    failed: dict[str, str]
    retriable: dict[str, str]
    superseded: dict[str, str]


def run_batch(
    tools: StepContext,
    load_ids: list[int],
    name: str,
    *,
    needs: str,
    ends: str,
    work: Callable[[Load, Step], None],
) -> BatchOutcome:
    """Do one step for each load of a batch; a load that fails does not stop the others.

    :param needs: state a load must have reached; others failed before and are passed over.
    :param ends: state the step ends in; a load that has reached it is passed over.
    """
    attempt = Attempt.begin(tools.engine, tools.run_id, name)
    outcome = BatchOutcome({}, {}, {})
    for load_id in load_ids:
        load = run_ledger.load(tools.engine, load_id)
        if load.has_reached(ends) or not load.has_reached(needs):
            continue
        try:
            fence.take(tools.engine, load_id, attempt)
            load = replace(load, fence=attempt.number)
            with running_step(tools, load, name) as step:
                _do(tools, load, step, work)
        except Exception as error:  # noqa: BLE001 - recorded with the load; the other studies go on
            _record(tools, load, name, error, outcome)
    return outcome


@contextmanager
def running_step(runner: Runner, about: Load | StudyRef, name: str) -> Iterator[Step]:
    """A step in the record of its run; it is reported once it has ended, however it does."""
    number = None
    try:
        with run_ledger.step(runner.engine, runner.run_id, about, name, runner.task) as step:
            number = step.number
            yield step
    finally:
        if number is not None and runner.ended is not None:
            runner.ended(number)


def _do(tools: StepContext, load: Load, step: Step, work: Callable[[Load, Step], None]) -> None:
    """Do the step. Whatever an attempt fails with after another took its load is the other's doing."""
    try:
        work(load, step)
    except Exception as error:
        with tools.engine.connect() as connection:
            if reason := fence.taken_by(connection, load.load_id, load.fence):
                raise SupersededError(reason) from error
        raise


def _record(tools: StepContext, load: Load, name: str, error: Exception, outcome: BatchOutcome) -> None:
    """Write down what a load failed with, in the outcome and, if that is final, with the load."""
    reason = run_ledger.brief(error)
    if isinstance(error, SupersededError):
        outcome.superseded[load.name] = str(error)
        return
    if is_final(error, is_last_try=tools.is_last_try):
        try:
            run_ledger.set_state(tools.engine, load, FAILED, f"{name}: {reason}")
        except SupersededError as newer:
            outcome.superseded[load.name] = str(newer)
            return
    (outcome.retriable if may_pass(error) else outcome.failed)[load.name] = reason
