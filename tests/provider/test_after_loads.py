"""The audit and the export after loads: once for all that load together."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from airflow.sdk.api.datamodels._generated import DagRunType
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred
from airflow.triggers.base import TriggerEvent

from immport_provider.assets import STAR
from immport_provider.dag_names import RELEASE
from immport_provider.operators.after_loads import AfterLoadsOperator
from immport_provider.triggers.loads import LoadsEndedTrigger
from include.pipeline import run_ledger
from include.pipeline.star_change import at_work
from tests.support.pages import connection_to
from tests.support.warehouse import RUN, Warehouse, small_study

DAG = "warehouse_upkeep"


class Work(AfterLoadsOperator):
    """A task whose work is to say so."""

    def perform(self, context: Any) -> str:
        return "done"


@pytest.fixture
def task(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Work:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT", json.dumps(connection_to(warehouse.engine.url)))
    return Work(task_id="work")


def context(kind: str = "asset_triggered", runs: Sequence[str | None] = (RUN,)) -> Any:
    """What a task knows of its run: how it was started, and which runs reported a change."""
    events = [SimpleNamespace(extra=run and {"run": run}) for run in runs]
    return {
        "dag_run": SimpleNamespace(run_type=DagRunType(kind)),
        "dag": SimpleNamespace(dag_id=DAG),
        "triggering_asset_events": {STAR: events} if events else {},
    }


def publish(warehouse: Warehouse, release: str) -> None:
    """A run of the studies publishes one, and ends."""
    run_ledger.start_run(warehouse.engine, RUN)
    assert warehouse.load(small_study(), release).changes
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text("update ops.load set run_id = :run"), {"run": RUN})
    run_ledger.finish_run(warehouse.engine, RUN, "success")


def test_before_anything_is_published_there_is_nothing_to_do(task: Work) -> None:
    for kind in ("scheduled", "asset_triggered"):
        with pytest.raises(AirflowSkipException, match="nothing was published yet"):
            task.execute(context(kind))
    assert task.execute(context("manual")) == "done"


def test_it_waits_for_runs_that_load_unless_a_person_started_it(task: Work, warehouse: Warehouse) -> None:
    publish(warehouse, "DR1")
    other = "immport_vocabularies/1"
    run_ledger.start_run(warehouse.engine, other)
    for kind in ("scheduled", "asset_triggered"):
        with pytest.raises(TaskDeferred) as deferred:
            task.execute(context(kind))
        assert isinstance(deferred.value.trigger, LoadsEndedTrigger)
    assert task.execute(context("manual")) == "done"
    assert task.execute_after(context(), {"status": "no run loads"}) == "done"
    run_ledger.finish_run(warehouse.engine, other, "failed")
    assert Work(task_id="next").execute(context()) == "done"


def test_what_a_run_before_has_followed_is_not_done_again(task: Work, warehouse: Warehouse) -> None:
    publish(warehouse, "DR1")
    assert task.execute(context()) == "done"
    run_ledger.start_run(warehouse.engine, f"{DAG}/1")
    assert task.execute(context()) == "done"  # that one has not ended
    run_ledger.finish_run(warehouse.engine, f"{DAG}/1", "success")
    with pytest.raises(AirflowSkipException, match="began after"):
        task.execute(context())
    # Of each night, by hand, and of a change of which nobody knows when it was.
    unknown = (context(runs=(RUN, None)), context(runs=("x/1",)))
    for other in (context("scheduled", ()), context("manual"), *unknown):
        assert task.execute(other) == "done"
    publish(warehouse, "DR2")
    assert task.execute(context()) == "done"


def trigger(seconds: float) -> LoadsEndedTrigger:
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    _, values = LoadsEndedTrigger("warehouse_default", ends.isoformat(), 0.01).serialize()
    return LoadsEndedTrigger(**values)


def fired(waiting: LoadsEndedTrigger) -> str:
    async def first() -> TriggerEvent:
        events: AsyncIterator[TriggerEvent] = waiting.run()
        return await asyncio.wait_for(anext(events), 60)

    return str(asyncio.run(first()).payload["status"])


def test_the_trigger_fires_when_no_run_loads_or_the_time_is_over(task: Work, warehouse: Warehouse) -> None:
    run_ledger.start_run(warehouse.engine, f"{DAG}/1")  # loads nothing
    assert fired(trigger(60)) == "no run loads"
    run_ledger.start_run(warehouse.engine, RUN)
    assert at_work(warehouse.engine, [RELEASE]) == [RUN]
    assert "time to wait is over" in fired(trigger(0.1))

    async def ends_while_it_waits() -> str:
        waiting = asyncio.ensure_future(anext(aiter(trigger(60).run())))
        await asyncio.to_thread(run_ledger.finish_run, warehouse.engine, RUN, "success")
        return str((await asyncio.wait_for(waiting, 60)).payload["status"])

    assert asyncio.run(ends_while_it_waits()) == "no run loads"


def test_a_run_that_was_killed_is_not_waited_for_for_ever(warehouse: Warehouse) -> None:
    run_ledger.start_run(warehouse.engine, RUN)
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text("update ops.run set started_at = now() - interval '25 hours'"))
    assert at_work(warehouse.engine, [RELEASE]) == []
