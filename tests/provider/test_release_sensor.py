"""The release sensor: waits in an event loop, sees a new release of the sandbox, and ends in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)
from airflow.triggers.base import TriggerEvent

from immport_provider.operators.parameters import ParameterError
from immport_provider.sensors.release import ImmPortReleaseSensor
from immport_provider.triggers.release import ImmPortReleaseTrigger
from tests.provider.conftest import Connect
from tests.support.sandbox import RunningSandbox
from tests.support.warehouse import Warehouse, small_study


def trigger(than: str | None, seconds: float = 60, poll: float = 0.01) -> ImmPortReleaseTrigger:
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    return ImmPortReleaseTrigger("immport_default", than, poll, ends.isoformat())


def fired(waiting: ImmPortReleaseTrigger) -> Any:
    async def first() -> TriggerEvent:
        events: AsyncIterator[TriggerEvent] = waiting.run()
        return await asyncio.wait_for(anext(events), 60)

    return asyncio.run(first()).payload


def test_it_waits_until_the_sandbox_serves_a_newer_release(sandbox: RunningSandbox, connect: Connect) -> None:
    connect()
    *_, before, newest = sandbox.status()["releases"]
    sandbox.set_release(before)

    async def wait() -> tuple[int, TriggerEvent]:
        async def served() -> int:
            """A release that comes out while it waits: after it has looked at least twice."""
            while len(found := await asyncio.to_thread(sandbox.requests)) < 2:
                await asyncio.sleep(0)
            await asyncio.to_thread(sandbox.set_release, newest)
            return len(found)

        events = trigger(before).run()
        looks, event = await asyncio.gather(served(), anext(events))
        return looks, event

    try:
        looks, event = asyncio.run(asyncio.wait_for(wait(), 60))
        assert looks >= 2
        assert event.payload == {"status": "released", "release": newest}
        assert {request["endpoint"] for request in sandbox.requests()} == {"search"}
        assert all("Authorization" not in str(request) for request in sandbox.requests())
    finally:
        sandbox.set_release(newest)


def test_any_release_will_do_for_an_empty_warehouse(sandbox: RunningSandbox, connect: Connect) -> None:
    connect(extra={"page_size": 2})
    assert fired(trigger(None))["release"] == sandbox.status()["releases"][-1]
    assert len(sandbox.requests()) > 1, "page by page"


def test_it_ends_when_its_time_is_over(sandbox: RunningSandbox, connect: Connect) -> None:
    connect()
    assert fired(trigger("DR9999", seconds=0)) == {"status": "late"}


def test_a_source_that_does_not_answer_gets_another_request(
    sandbox: RunningSandbox, connect: Connect
) -> None:
    connect()
    sandbox.fault("search", "503", times=2)
    assert fired(trigger(None))["status"] == "released"
    assert [request["status"] for request in sandbox.requests()][:3] == [503, 503, 200]


def test_a_refused_question_ends_it(sandbox: RunningSandbox, connect: Connect) -> None:
    connect()
    sandbox.fault("search", "400")
    event = fired(trigger(None))
    assert event["status"] == "failed"
    assert "search: HTTP 400" in event["error"]
    connect(host="http://example.org")
    assert "plain http" in fired(trigger(None))["error"]


def test_it_comes_back_from_the_metadata_database_as_it_was() -> None:
    waiting = trigger("DR58")
    kind, arguments = waiting.serialize()
    assert kind == "immport_provider.triggers.release.ImmPortReleaseTrigger"
    again = ImmPortReleaseTrigger(**arguments)
    assert again.serialize() == (kind, arguments)


def sensor(**given: Any) -> ImmPortReleaseSensor:
    return ImmPortReleaseSensor(task_id="wait", timeout=timedelta(days=1), **given)


def test_the_sensor_waits_for_a_release_after_the_newest_loaded(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImmPortReleaseSensor, "engine", lambda self: warehouse.engine)
    for held in (None, "DR2"):
        with pytest.raises(TaskDeferred) as deferred:
            sensor().execute({})
        waiting: Any = deferred.value.trigger
        assert (waiting.than, waiting.poll_seconds) == (held, 3600)
        assert timedelta(days=1) < (deferred.value.timeout or timedelta()) < timedelta(days=2)
        warehouse.load(small_study(), "DR1")
        warehouse.load(small_study(), "DR2")


def test_the_sensor_says_how_it_ended() -> None:
    context: Any = {}
    assert sensor().resume(context, {"status": "released", "release": "DR59"}) == "DR59"
    with pytest.raises(AirflowFailException, match="HTTP 400"):
        sensor().resume(context, {"status": "failed", "error": "ImmPort: search: HTTP 400"})
    with pytest.raises(AirflowSensorTimeout, match="no newer release within 1 day"):
        sensor().resume(context, {"status": "late"})
    with pytest.raises(AirflowSkipException):
        sensor(soft_fail=True).resume(context, {"status": "late"})


def test_a_release_that_is_not_one_is_refused() -> None:
    with pytest.raises(AirflowFailException, match="parameter than: not a data release: 'newest'") as caught:
        sensor(than="newest").execute({})
    assert isinstance(caught.value.__cause__, ParameterError)
