"""The calls of a run in `ops.call`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from include.pipeline.call_record import Caller, Counts, add, recorded
from include.sources.calls import CallCount, CallCounts
from include.sources.errors import RequestError, ServerError
from tests.support.warehouse import Warehouse

CALLER = Caller("immport_release/1", "extract", "immport")
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def client() -> Any:
    return SimpleNamespace(calls=CallCounts())


def calls(hook: Any, *errors: Exception | None, endpoint: str = "arm", size: int = 10) -> None:
    """Calls that end well or with an error."""
    for error in errors:
        try:
            with hook.calls.call("host", endpoint) as call:
                call.size = size
                if error is not None:
                    raise error
        except (ServerError, RequestError):
            pass


def test_calls_of_several_loads_add_up(warehouse: Warehouse) -> None:
    hook = client()
    for endpoint in ("arm", "hai"):
        with recorded(warehouse.engine, hook, CALLER):
            calls(hook, None, ServerError("HTTP 503", 503), endpoint="arm")
            calls(hook, None, endpoint=endpoint)
    rows = warehouse.rows(
        "select run_id, step, source, host, endpoint, calls, errors, refusals, bytes from ops.call order by 5"
    )
    about = (*vars(CALLER).values(), "host")
    assert rows == [(*about, "arm", 5, 2, 0, 50), (*about, "hai", 1, 0, 0, 10)]


def test_the_last_failure_and_the_slowest_call_are_kept(warehouse: Warehouse) -> None:
    def count(minutes: int, failure: str, slowest: float) -> Counts:
        at = NOW + timedelta(minutes=minutes)
        return {("host", "arm"): CallCount(1, 0, 1, 0, 0, slowest, slowest, None, at, failure)}

    later, earlier = count(5, "ServerError 503", 0.5), count(0, "RateLimitError 429", 2.0)
    good = {("host", "arm"): CallCount(1, 0, 0, 0, 0, 0.1, 0.1, NOW + timedelta(hours=1))}
    for counts in (later, earlier, good):
        add(warehouse.engine, CALLER, counts)
    assert warehouse.rows(
        "select calls, failure, failed_at, answered_at, milliseconds, slowest_milliseconds from ops.call"
    ) == [(3, "ServerError 503", NOW + timedelta(minutes=5), NOW + timedelta(hours=1), 2600, 2000)]


def test_what_a_failed_block_called_is_recorded_and_reported(warehouse: Warehouse) -> None:
    hook, reported = client(), []

    def fail() -> None:
        with recorded(warehouse.engine, hook, CALLER, lambda *about: reported.append(about)):
            calls(hook, None, RequestError("HTTP 404", 404))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert warehouse.rows("select calls, errors, refusals, failure from ops.call") == [
        (2, 1, 1, "RequestError 404")
    ]
    ((caller, counts),) = reported
    assert (caller, counts["host", "arm"].calls) == (CALLER, 2)


def test_a_block_without_calls_writes_nothing(warehouse: Warehouse) -> None:
    hook = client()
    calls(hook, None)  # before the block: of another step
    with recorded(warehouse.engine, hook, CALLER):
        pass
    assert warehouse.rows("select * from ops.call") == []


def test_a_record_that_cannot_be_written_fails_nothing(caplog: pytest.LogCaptureFixture) -> None:
    hook, reported = client(), []
    nowhere = sa.create_engine("postgresql+psycopg2://nobody@127.0.0.1:9/none")
    with recorded(nowhere, hook, CALLER, lambda *about: reported.append(about)):
        calls(hook, None)
    assert "not recorded" in caplog.text
    assert len(reported) == 1
