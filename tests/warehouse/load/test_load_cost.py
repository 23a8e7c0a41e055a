"""What a load costs, step by step, for one fixed study: statements, rows written and bytes fetched, exactly;
rows held and memory, at most.

A number that rises is a step back, one that falls an improvement: both are written down here. Speed itself is
measured in benchmarks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import inf

import pytest

from immport_provider.hooks.immport import ImmPortHook
from include.landing import files
from include.pipeline import extract, run_ledger, steps
from include.pipeline.batch_runner import BatchOutcome, run_batch
from include.pipeline.run_ledger import Load, Step
from include.warehouse.schema.engine import warehouse_engine
from tests.support.cost import Cost, measured
from tests.support.source import KEY, RowSource, serving
from tests.support.warehouse import Warehouse, hai, small_study

RESULTS = 1500
STEPS = ("extract", "stage", "check", "publish")
NEEDS = dict(zip(STEPS, run_ledger.OPEN_STATES, strict=True))
ENDS = dict(zip(STEPS, (*run_ledger.OPEN_STATES[1:], run_ledger.PUBLISHED), strict=True))


@dataclass
class Prepared(RowSource):
    """Makes each answer once, so that its own memory is not in a figure."""

    made: dict[tuple[str, str], tuple[int, bytes]] = field(default_factory=dict)

    def answer(self, path: str, query: str) -> tuple[int, bytes]:
        if (path, query) in self.made:
            self.sent += len(self.made[path, query][1])
        else:
            self.made[path, query] = super().answer(path, query)
        return self.made[path, query]


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[Prepared]:
    rows = small_study(*(hai(number, who=1 + number % 2) for number in range(1, RESULTS + 1)))
    # A slow machine would show progress, and put files into place, more often.
    monkeypatch.setattr(run_ledger, "PROGRESS_SECONDS", inf)
    monkeypatch.setattr(files, "MOST_SECONDS", inf)
    source = Prepared(rows)
    with serving(source):
        connection = {
            "conn_type": "immport",
            "host": source.url,
            "password": KEY,
            "extra": {"calls_per_second": 0},
        }
        monkeypatch.setenv("AIRFLOW_CONN_IMMPORT_DEFAULT", json.dumps(connection))
        yield source


def planned(warehouse: Warehouse, fetch: str) -> Load:
    load = warehouse.open_load("SDY1", "DR1", fetch)
    run_ledger.set_state(warehouse.engine, load, run_ledger.PLANNED)
    return load


def do(warehouse: Warehouse, name: str, load: Load, source: Prepared) -> Cost:
    """One step of a load, as a task does it."""
    # A session of its own: the server counts for a session, and may add what it did before.
    engine = warehouse_engine(warehouse.engine.url)
    tools = replace(warehouse.tools, engine=engine)

    def work(load: Load, step: Step) -> None:
        if name == "extract":
            with ImmPortHook() as hook:
                extract.extract(tools, hook, load, step)
        else:
            getattr(steps, name)(tools, load, step)

    with measured(engine, source) as cost:
        outcome = run_batch(tools, [load.load_id], name, needs=NEEDS[name], ends=ENDS[name], work=work)
    engine.dispose()
    assert outcome == BatchOutcome({}, {}, {})
    return cost


def warm_up(warehouse: Warehouse, source: Prepared) -> None:
    """What a process does once, and the answers of the source."""
    do(warehouse, "extract", planned(warehouse, "warm-up"), source)
    small = warehouse.land(small_study(study="SDY2"), study="SDY2")
    warehouse.stage(small)
    assert warehouse.judge(small).critical == []


MEGABYTE = 1_000_000
#: Rows held and bytes allocated at most: some blocks of an answer, lists of the tables and checks.
HELD = {"extract": 700, "stage": 100, "check": 100, "publish": 100}
MEMORY = {"extract": 7 * MEGABYTE, "stage": 4 * MEGABYTE, "check": 3 * MEGABYTE, "publish": 2 * MEGABYTE}
FETCHED = 1_390_875


@pytest.mark.long
def test_each_step_costs_what_it_did(warehouse: Warehouse, source: Prepared) -> None:
    warm_up(warehouse, source)
    first = planned(warehouse, "first")
    costs = {name: do(warehouse, name, first, source) for name in STEPS}
    assert costs == {
        "extract": Cost(25, {"ops": 6}, FETCHED),
        "stage": Cost(40, {"ops": 70, "staging": 1512}),
        "check": Cost(41, {"ops": 58, "quality": 139}),
        "publish": Cost(82, {"ops": 128, "history": 1535, "temporary": 26}),
    }
    # The same bytes are fetched and compared, and nothing else is done with them.
    again = planned(warehouse, "again")
    unchanged = {name: do(warehouse, name, again, source) for name in STEPS}
    assert unchanged == {
        "extract": Cost(25, {"ops": 6}, FETCHED),
        "stage": Cost(30, {"ops": 69}),
        "check": Cost(11, {"ops": 5}),
        # What is new in history is the release.
        "publish": Cost(35, {"ops": 68, "history": 1}),
    }
    for found in (costs, unchanged):
        assert {name: cost.held for name, cost in found.items() if cost.held > HELD[name]} == {}
        assert {name: cost.memory for name, cost in found.items() if cost.memory > MEMORY[name]} == {}
