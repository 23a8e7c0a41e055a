"""Two attempts at one load: a process that was stopped within a step, and the one that took over."""

from __future__ import annotations

import fcntl
import importlib
import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from immport_provider.hooks.immport import ImmPortHook
from include.landing import arrivals
from include.landing.zone import Fetch
from include.pipeline import extract, report, run_ledger, steps, work_list
from include.pipeline.batch_runner import BatchOutcome, StepContext, run_batch
from include.pipeline.run_ledger import Load, Step
from include.pipeline.work_decisions import Action, WorkDecision
from include.sources.immport.endpoints import ENDPOINTS
from include.warehouse.load import fence
from include.warehouse.load.fence import Attempt, SupersededError
from include.warehouse.schema.engine import warehouse_engine
from tests.support.long import cases
from tests.support.source import KEY, RowSource, serving
from tests.support.warehouse import RUN, Warehouse, hai, small_study

STEPS = ("extract", "stage", "check", "publish")
NEEDS = dict(zip(STEPS, run_ledger.OPEN_STATES, strict=True))
ENDS = dict(zip(STEPS, (*run_ledger.OPEN_STATES[1:], run_ledger.PUBLISHED), strict=True))
_FORK = multiprocessing.get_context("fork")

#: Step, and what has returned when its process is stopped.
STOPS = {
    "an answer is half landed": ("extract", "include.landing.zone:take_json", 3),
    "all is landed but the manifest": ("extract", "include.pipeline.extract:_fetch", 1),
    "the manifest is there": ("extract", "include.landing.zone:Landing.write_manifest", 1),
    "rows are being copied": ("stage", "include.warehouse.load.stage_answers:_copy", 3),
    "all is staged, not committed": ("stage", "include.warehouse.load.stage_study:stage", 1),
    "checks are running": ("check", "include.quality.gate:load_expectations", 1),
    "the checks are recorded": ("check", "include.quality.gate:judge", 1),
    "a publish has its rows": ("publish", "include.warehouse.load.transform:prepare", 1),
    "a publish is all but committed": ("publish", "include.warehouse.load.publish:drop_staging", 1),
}
ONCE_PER_STEP = {
    "all is landed but the manifest",
    "rows are being copied",
    "checks are running",
    "a publish has its rows",
}


def do(warehouse: Warehouse, step: str, load_id: int, run_id: str = RUN) -> BatchOutcome:
    """One step of one load, as a task does it that has no try left."""
    tools = replace(warehouse.tools, run_id=run_id, is_last_try=True)

    def work(load: Load, at: Step) -> None:
        if step == "extract":
            with ImmPortHook() as hook:
                extract.extract(tools, hook, load, at)
        else:
            getattr(steps, step)(tools, load, at)

    return run_batch(tools, [load_id], step, needs=NEEDS[step], ends=ENDS[step], work=work)


class Stopped:
    """A process that does a step and stops within it; then it waits to be woken up."""

    def __init__(self, warehouse: Warehouse, step: str, load_id: int, target: str, call: int) -> None:
        self._answer, theirs = _FORK.Pipe(duplex=False)
        tools = warehouse.tools
        url = tools.engine.url.render_as_string(hide_password=False)
        self._process = _FORK.Process(
            target=_stop_within, args=(tools, url, step, load_id, target, call, theirs), daemon=True
        )
        self._process.start()
        _, status = os.waitpid(self._process.pid or 0, os.WUNTRACED)
        assert os.WIFSTOPPED(status), f"{step}: it ended before {target} was called {call} times"

    def wake(self) -> BatchOutcome:
        """Let it go on to its end; what it makes of the load."""
        os.kill(self._process.pid or 0, signal.SIGCONT)
        assert self._answer.poll(60), "it never ended"
        outcome: BatchOutcome = self._answer.recv()
        self._process.join(60)
        return outcome

    def kill(self) -> None:
        """End it as it is."""
        self._process.kill()
        self._process.join(60)


def _stop_within(
    tools: StepContext, url: str, step: str, load_id: int, target: str, call: int, answer: Connection
) -> None:
    module, _, path = target.partition(":")
    *owners, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for item in owners:
        owner = getattr(owner, item)
    real, calls = getattr(owner, name), iter(range(1, 1000))

    def stopping(*args: Any, **kwargs: Any) -> Any:
        made = real(*args, **kwargs)
        if next(calls) == call:
            os.kill(os.getpid(), signal.SIGSTOP)
        return made

    setattr(owner, name, stopping)
    mine = Warehouse(replace(tools, engine=warehouse_engine(url)))
    answer.send(do(mine, step, load_id))


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A source that has the study, and a connection to it."""
    connection = {"conn_type": "immport", "password": KEY, "extra": {"calls_per_second": 0}}
    with serving(RowSource(small_study())) as source:
        value = json.dumps({**connection, "host": source.url})
        monkeypatch.setenv("AIRFLOW_CONN_IMMPORT_DEFAULT", value)
        yield


@pytest.fixture
def planned(warehouse: Warehouse, served: None) -> int:
    """A load of which nothing is landed."""
    load = warehouse.open_load("SDY1", "DR1", "fetch")
    run_ledger.set_state(warehouse.engine, load, run_ledger.PLANNED)
    return load.load_id


def _landed(warehouse: Warehouse) -> dict[str, tuple[int, int]]:
    """The files of the landing zone, each with what another file in its place would not have."""
    files = Path(warehouse.tools.landing.root.path).rglob("[!.]*")
    status = {str(path): path.stat() for path in files if path.is_file()}
    return {path: (found.st_ino, found.st_mtime_ns) for path, found in status.items()}


@pytest.mark.parametrize("stop", cases(STOPS, quick=ONCE_PER_STEP))
def test_a_stopped_attempt_that_wakes_up_writes_nothing(
    warehouse: Warehouse, planned: int, stop: tuple[str, str, int]
) -> None:
    step, target, call = stop
    for name in STEPS[: STEPS.index(step)]:
        assert do(warehouse, name, planned) == BatchOutcome({}, {}, {})
    stopped = Stopped(warehouse, step, planned, target, call)
    for name in STEPS[STEPS.index(step) :]:
        assert do(warehouse, name, planned) == BatchOutcome({}, {}, {})
    before, landed = warehouse.history(), _landed(warehouse)
    outcome = stopped.wake()
    assert (outcome.failed, outcome.retriable) == ({}, {})
    if step == "publish":  # the ledger knows the load
        assert outcome.superseded == {}
    else:
        assert "SDY1 DR1: superseded: attempt" in outcome.superseded["SDY1 DR1"]
    end = run_ledger.load(warehouse.engine, planned)
    assert (end.state, end.error) == ("published", None)
    assert warehouse.history() == before
    assert _landed(warehouse) == landed
    steps = warehouse.rows("select step, state, ended_at is not null from ops.step order by step_id")
    others = [item for item in steps if item[1] != "done"]
    assert others == [(step, "skipped" if step == "publish" else "superseded", True)]
    # What lies in the landing zone is what the newer attempt noted: it can be replayed.
    landing = warehouse.tools.landing
    (manifest,) = landing.manifests()
    assert manifest.landed
    for item in manifest.landed:
        assert sum(1 for _ in landing.rows(item, ENDPOINTS[item.endpoint])) == item.rows
    assert list((landing.root / end.fetch.path).glob(".*")) == []
    assert warehouse.rows("select from pg_tables where schemaname = 'staging'") == []


def test_an_attempt_that_wakes_up_while_the_newer_one_lands_puts_nothing_into_place(
    warehouse: Warehouse, planned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No manifest exists yet that would refuse the older attempt."""
    monkeypatch.setattr(arrivals, "MOST_FILES", 1)  # each answer is put into place by itself
    stopped, newer = (
        Stopped(warehouse, "extract", planned, "include.landing.zone:take_json", 3) for _ in "12"
    )
    landed = _landed(warehouse)
    assert landed
    assert "SDY1 DR1: superseded: attempt" in stopped.wake().superseded["SDY1 DR1"]
    assert _landed(warehouse) == landed
    assert newer.wake() == BatchOutcome({}, {}, {})


def test_a_step_of_a_killed_attempt_does_not_stay_running(warehouse: Warehouse, planned: int) -> None:
    Stopped(warehouse, "extract", planned, "include.landing.zone:take_json", 2).kill()
    assert warehouse.rows("select state from ops.step") == [("running",)]
    do(warehouse, "extract", planned)
    steps = warehouse.rows("select state, message, ended_at is not null from ops.step order by step_id")
    assert steps[0] == ("failed", fence.NO_FINAL_STATUS, True)
    assert steps[1][0] == "done"


def test_the_end_of_a_run_ends_its_steps_and_keeps_no_note_of_a_kill(warehouse: Warehouse) -> None:
    engine, load = warehouse.engine, warehouse.open_load("SDY1", "DR1", "fetch")
    run_ledger.start_run(engine, "d/first")
    run_ledger.note_run(engine, "d/first", listed=0)
    killed = run_ledger.step(engine, "d/first", load, "extract")
    killed.__enter__()
    run_ledger.start_run(engine, "d/second")  # takes the first for killed
    state = "select state, note from ops.run where run_id = 'd/first'"
    assert warehouse.rows(state) == [("failed", fence.NO_FINAL_STATUS)]
    assert warehouse.rows("select state, message from ops.step") == [("failed", fence.NO_FINAL_STATUS)]
    for end in (partial(report.finish, engine), partial(run_ledger.start_run, engine)):
        end("d/first")  # it lives
        assert warehouse.rows(state)[0][1] is None
        run_ledger.note_run(engine, "d/first", note=fence.NO_FINAL_STATUS)


# ---- two runs

DECISION = WorkDecision("SDY1", "DR1", None, Action.LOAD, "new study", listed="DR1")


def decide(warehouse: Warehouse, run: Attempt, decision: WorkDecision = DECISION) -> int:
    """Write the work list of a run; the load that it got."""
    work_list.write(warehouse.engine, run, [decision], {})
    query = "select load_id from ops.work where run_id = :run"
    number: int = warehouse.value(query, run=run.run_id)
    return number


def runs(warehouse: Warehouse, *names: str) -> list[Attempt]:
    for name in names:
        run_ledger.start_run(warehouse.engine, name)
        run_ledger.note_run(warehouse.engine, name, listed=1)
    return [Attempt.begin(warehouse.engine, name, "discover") for name in names]


def test_of_two_runs_of_one_study_one_goes_on_and_the_other_is_superseded(
    warehouse: Warehouse, served: None
) -> None:
    (first,) = runs(warehouse, "d/first")
    load_id = decide(warehouse, first)
    do(warehouse, "extract", load_id, "d/first")
    (second,) = runs(warehouse, "d/second")
    assert decide(warehouse, second) == load_id
    for step in STEPS:
        theirs, mine = (do(warehouse, step, load_id, run) for run in ("d/first", "d/second"))
        assert mine == BatchOutcome({}, {}, {})
        assert (theirs.failed, theirs.retriable) == ({}, {})
        # What is done already is passed over.
        assert bool(theirs.superseded) == (step != "extract"), step
    assert warehouse.rows("select load_id, state, run_id from ops.load") == [
        (load_id, "published", "d/second")
    ]
    ends = [report.finish(warehouse.engine, run) for run in ("d/first", "d/second")]
    assert [end.counts["loaded"] for end in ends] == [0, 1]
    assert ends[0].counts["superseded"] == 1


def test_a_run_whose_study_another_one_took_reports_it(warehouse: Warehouse) -> None:
    first, second = runs(warehouse, "d/first", "d/second")
    load_id = decide(warehouse, first)
    decide(warehouse, second)
    outcome = do(warehouse, "extract", load_id, "d/first")
    assert "of run d/second has taken over load" in outcome.superseded["SDY1 DR1"]
    end = report.finish(warehouse.engine, "d/first")
    assert (end.state, end.counts["failed"]) == ("failed", 0)
    assert "SDY1: superseded: run d/second has taken it over" in end.text
    assert run_ledger.load(warehouse.engine, load_id).state == "planned"


def test_a_run_that_waited_while_a_later_one_decided_takes_nothing_back(warehouse: Warehouse) -> None:
    first, second = runs(warehouse, "d/first", "d/second")
    load_id = decide(warehouse, second)
    assert decide(warehouse, first) is None
    found = warehouse.rows("select action, reason from ops.work where run_id = 'd/first'")
    assert found[0][0] == "hold"
    assert "superseded" in found[0][1]
    assert warehouse.rows("select load_id, run_id, state from ops.load") == [(load_id, "d/second", "planned")]


def test_a_load_decided_before_a_withdrawal_is_not_published_after_it(warehouse: Warehouse) -> None:
    warehouse.load(small_study(), "DR1")
    first, second = runs(warehouse, "d/first", "d/second")
    late = warehouse.ready(small_study(hai(1)), "DR2")
    fence.take(warehouse.engine, late.load_id, Attempt("d/first", first.number))
    gone = WorkDecision("SDY1", "DR2", None, Action.WITHDRAW, "restricted: for this test")
    withdrawal = run_ledger.load(warehouse.engine, decide(warehouse, second, gone))
    steps.withdraw(warehouse.tools, withdrawal, warehouse.step())
    with pytest.raises(SupersededError):
        warehouse.publish(late, fence=first.number)
    assert do(warehouse, "publish", late.load_id, "d/first") == BatchOutcome({}, {}, {})
    assert run_ledger.load(warehouse.engine, late.load_id).error == "superseded: run d/second decided anew"
    assert warehouse.rows("select study_accession from star.dim_study where study_key > 0") == []


def test_two_loads_of_one_study_at_different_releases_are_both_published(warehouse: Warehouse) -> None:
    older, newer = warehouse.ready(small_study(hai(1))), warehouse.ready(small_study(), "DR2")
    numbers = [warehouse.take(load) for load in (older, newer)]
    for load, number in zip((newer, older), reversed(numbers), strict=True):
        assert not warehouse.publish(load, fence=number).was_known
    assert warehouse.rows("select count(*) from star.fact_hai", "DR1") == [(1,)]
    assert warehouse.rows("select count(*) from star.fact_hai") == [(3,)]


def test_a_download_that_another_process_still_writes_is_left_to_it(warehouse: Warehouse) -> None:

    landing, fetch = warehouse.tools.landing, Fetch("SDY1", "DR1", "fetch")
    first = landing.spool(fetch, "a.zip")
    with first.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        other = landing.spool(fetch, "a.zip")
        assert other != first
    assert landing.spool(fetch, "a.zip") == first


def test_a_holder_of_another_login_is_waited_for(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only sessions of one's own login may be ended: of others the lock is waited for, and not for ever."""
    monkeypatch.setattr(fence, "_END_OLDER", "select cast(:space as int), cast(:load as int)")
    monkeypatch.setattr(fence, "LOCK_TIMEOUT", "50ms")
    load = warehouse.open_load("SDY1", "DR1", "fetch")
    with warehouse.engine.begin() as connection:
        fence.hold(connection, load.load_id, load.fence)
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            warehouse.take(load)
    assert warehouse.take(load) > 0
