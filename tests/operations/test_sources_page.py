"""The page of sources: health by its rules, calls, drift, and the life of a key without the key."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from include.warehouse.model.registry import SOURCES
from include.warehouse.schema.ops_tables import CALL, CIRCUIT, DRIFT
from operations.health import HEALTHY, RULES, SourceFacts, health
from operations.schedules import Schedule, key_expiry
from tests.operations.conftest import Ledger, Pages

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SECRET = "key-that-nobody-may-read"


def facts(**changed: Any) -> SourceFacts:
    """A source that is well, but for what is changed."""
    last = {"state": changed.pop("state", "success"), "note": changed.pop("note", None)}
    known: dict[str, Any] = {
        "schedule": Schedule(False, NOW + timedelta(days=1)),
        "key_expires_at": None,
        "open_circuits": [],
    }
    return SourceFacts(last=last, now=NOW, **{**known, **changed})


@pytest.mark.parametrize(
    ("known", "state", "reason"),
    [
        (facts(), HEALTHY, "no rule"),
        (facts(key_expires_at=NOW), "refused", "the key expired on 2026-05-01 00:00 UTC"),
        (facts(key_expires_at=NOW + timedelta(days=6)), "expiring", "expires on 2026-05-07"),
        (facts(key_expires_at=NOW + timedelta(days=8)), HEALTHY, "no rule"),
        (facts(open_circuits=["h:443"]), "open", "no request is sent to h:443"),
        (facts(state="failed", note="no disk"), "failed", "the last run failed: no disk"),
        (facts(state="partial"), "degraded", "a part of its work"),
        (facts(schedule=None), "unknown", "Airflow does not know its DAG"),
        (facts(schedule=Schedule(True, None)), "on hold", "paused"),
        (facts(schedule=Schedule(False, NOW - timedelta(hours=2))), "overdue", "due on 2026-04-30 22:00"),
        (facts(schedule=Schedule(False, NOW - timedelta(hours=2)), state="running"), HEALTHY, "no rule"),
        (facts(schedule=Schedule(False, None), state=None), "new", "no run yet"),
        # The first rule that applies decides.
        (facts(state="failed", key_expires_at=NOW), "refused", "the key expired"),
    ],
)
def test_health_follows_from_rules(known: SourceFacts, state: str, reason: str) -> None:
    found, why = health(known)
    assert found == state
    assert reason in why


def test_every_rule_is_written_on_the_page(pages: Pages) -> None:
    text = pages.get("/sources").text
    for rule in RULES:
        assert rule.when in text
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
    assert f"the key expires on {end:%Y-%m-%d %H:%M} UTC" in text or "Airflow does not know its DAG" in text
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
    assert "no request is sent to www.immport.org:443" in text
    assert "newKey" not in pages.get("/sources", kind="missing").text
