"""The page of sources: health by its rules, calls, drift, and the life of a key without the key."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from include.telemetry import health
from include.telemetry.health import DEGRADED, FAILED, OK, gravest, of_source
from include.telemetry.state import CallState, CircuitState, RunState, SourceState, WarehouseState
from include.warehouse.model.registry import SOURCES
from include.warehouse.schema.ops_tables import CALL, CIRCUIT, DRIFT
from operations.health import RULES, SourceInAirflow
from operations.schedules import Schedule, key_expiry
from tests.operations.conftest import Ledger, Pages

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SECRET = "key-that-nobody-may-read"


DAG = "immport_release"
HOUR = timedelta(hours=1)
TOMORROW = Schedule(False, NOW + timedelta(days=1))


def source(
    schedule: Schedule | None = TOMORROW,
    key_expires_at: datetime | None = None,
    run: str = "success",
    **changed: Any,
) -> SourceInAirflow:
    """A source that is well, but for what is changed."""
    sources = {
        "immport": SourceState("DR9", "DR9", NOW - HOUR, {"current": 1}, 0, 0),
        "other": SourceState(None, None, None, {}, 9, 9),
    }
    runs = {DAG: RunState(run, NOW, NOW, NOW), "other": RunState("failed", NOW, NOW, None)}
    calls = [CallState("immport", "h:443", "hai", 1, 0, 0, 0, 1, 1, NOW, None)]
    state = WarehouseState("1", "1", sources, runs, calls, (), (), NOW, 7)
    state = replace(state, **changed)
    return SourceInAirflow(of_source(state, "immport", DAG, key_expires_at), DAG, schedule)


@pytest.mark.parametrize(
    ("known", "state", "rules"),
    [
        (source(), OK, []),
        (source(key_expires_at=NOW), FAILED, ["key_expired"]),
        (source(key_expires_at=NOW + timedelta(days=6)), DEGRADED, ["key_expires"]),
        (source(circuits=[CircuitState("h:443", "open", 1), CircuitState("i", "open", 9)]), DEGRADED,
         ["circuit_open"]),
        (source(run="failed"), DEGRADED, ["run_failed"]),
        (source(schedule=None), DEGRADED, ["dag_unknown"]),
        (source(schedule=Schedule(True, NOW - 2 * HOUR)), DEGRADED, ["dag_paused"]),
        (source(schedule=Schedule(False, NOW - 2 * HOUR)), DEGRADED, ["run_not_begun"]),
        (source(schedule=Schedule(False, NOW - 2 * HOUR), run="running"), OK, []),
        (source(sources={}), FAILED, ["empty"]),
        # The gravest stands first.
        (source(schedule=None, key_expires_at=NOW), FAILED, ["key_expired", "dag_unknown"]),
    ],
)  # fmt: skip
def test_a_source_is_judged_by_what_concerns_it(known: SourceInAirflow, state: str, rules: list[str]) -> None:
    found = known.reasons(NOW)
    assert [item["rule"] for item in found] == rules
    assert gravest(found) == state


def test_every_rule_is_written_on_the_page(pages: Pages) -> None:
    text = pages.get("/sources").text
    for meaning in [*(rule.meaning for rule in health.RULES), *(rule.meaning for rule in RULES)]:
        assert meaning in text
    for model in SOURCES.values():
        assert model.source.title in text


def connect(monkeypatch: pytest.MonkeyPatch, **extra: str) -> None:
    connection = {
        "conn_type": "immport",
        "host": "https://www.immport.org",
        "password": SECRET,
        "extra": extra,
    }
    monkeypatch.setenv("AIRFLOW_CONN_IMMPORT_DEFAULT", json.dumps(connection))


def test_the_end_of_a_key_is_shown_and_the_key_is_not(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    end = datetime.now(UTC) + timedelta(days=2, hours=5)
    connect(monkeypatch, expires_at=end.isoformat())
    text = pages.get("/sources").text
    assert f"the API key expires within 7 days: {end:%Y-%m-%dT%H:%M}" in text
    assert "2 d 4 h left" in text
    assert SECRET not in text


def test_a_connection_that_cannot_be_read_shows_nothing_of_it(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, expires_at=f"not a time {SECRET}")
    assert key_expiry("immport_default") is None
    answer = pages.get("/sources")
    assert answer.status_code == 200
    assert SECRET not in answer.text


def test_calls_circuits_and_drift_are_of_the_last_run(pages: Pages, ledger: Ledger) -> None:
    ledger.begin()
    load = ledger.work("SDY1", "load", "published")
    ledger.end("success")
    with ledger.engine.begin() as connection:
        connection.execute(
            sa.insert(CALL).values(
                run_id=ledger.run, step="extract", source="immport", host="www.immport.org:443",
                endpoint="hai", calls=1200, retries=3, errors=2, refusals=1, bytes=5_000_000,
                milliseconds=600_000, slowest_milliseconds=9_000, failure="ServerError 503",
            )
        )  # fmt: skip
        connection.execute(
            sa.insert(CIRCUIT).values(host="www.immport.org:443", state="open", failures=5, error="HTTP 503")
        )
        connection.execute(
            sa.insert(DRIFT).values(load_id=load, endpoint="hai", field="newKey", kind="unknown", rows=12)
        )
    text = pages.get("/sources").text
    for shown in ("1,200", "0.5 s", "slowest 9.0 s", "ServerError 503", "newKey", "HTTP 503"):
        assert shown in text, shown
    assert "a host failed several times: no request is sent for now: www.immport.org:443" in text
    assert "newKey" not in pages.get("/sources", kind="missing").text
