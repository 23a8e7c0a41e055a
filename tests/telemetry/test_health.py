"""The health of a warehouse: every rule, and what a monitor may know."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from include.pipeline import run_ledger
from include.sources.immport.source import IMMPORT
from include.telemetry.exposition import SERIES, exposed, prometheus_text
from include.telemetry.health import DEGRADED, FAILED, OK, RULES, health, judged, overdue_after
from include.telemetry.state import (
    CallState,
    CircuitState,
    Quarantined,
    RunState,
    SourceState,
    WarehouseState,
    read_state,
)
from include.warehouse.schema.ops_tables import WORK
from include.warehouse.schema.revision import newest_revision
from tests.support.warehouse import Warehouse
from tests.telemetry.conftest import HOUR, NOW

SOURCE = SourceState("DR51", "DR51", NOW - HOUR, {"current": 7, "withdrawn": 1}, 0, 0)
RUNNING = RunState("success", NOW - 2 * HOUR, NOW - HOUR, NOW - HOUR)
WELL = WarehouseState("0039", "0039", {"immport": SOURCE}, {"immport_release": RUNNING})
CALLED = CallState("immport", "h:1", "search", 9, 0, 0, 0, 100, 50, NOW - HOUR, None)


def source(**changes: Any) -> dict[str, Any]:
    return {"sources": {"immport": replace(SOURCE, **changes)}}


BROKEN: dict[str, dict[str, Any]] = {
    "revision": {"revision": "0038"},
    "empty": source(scopes={"new": 3}),
    "key_expired": {"key_expires_at": NOW},
    "key_refused": {"calls": [replace(CALLED, answered_at=NOW - HOUR, refused_at=NOW)]},
    "service_down": {"circuits": [CircuitState("h:1", "open", 3)]},
    "audit": {"audit_findings": 2},
    "overdue": source(succeeded_at=NOW - timedelta(days=2, seconds=1)),
    "run_failed": {"runs": {"immport_release": replace(RUNNING, state="partial")}},
    "load_failed": source(failures=3),
    "held": source(held=1),
    "release_waits": source(available="DR52"),
    "key_expires": {"key_expires_at": NOW + timedelta(days=7)},
    "circuit_open": {"circuits": [CircuitState("h:1", "half-open", 2)]},
}
FINE: dict[str, dict[str, Any]] = {
    "a key for eight days": {"key_expires_at": NOW + timedelta(days=8)},
    "a key that was renewed": {"calls": [replace(CALLED, answered_at=NOW, refused_at=NOW - HOUR)]},
    "a closed circuit": {"circuits": [CircuitState("h:1", "closed", 0)]},
    "two days without a run": source(succeeded_at=NOW - timedelta(days=2)),
    "an older release in the listing": source(available="DR50.1"),
    "a run that goes on": {"runs": {"immport_release": replace(RUNNING, state="running", ended_at=None)}},
    "no listing": source(available=None),
}


def test_every_rule_is_tried() -> None:
    assert set(BROKEN) == {rule.name for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_broken_rule_says_so_and_no_other_does(rule: Any) -> None:
    found = judged(replace(WELL, **BROKEN[rule.name]), NOW)
    assert [item["rule"] for item in found["reasons"]] == [rule.name]
    assert found["state"] == found["reasons"][0]["state"] == rule.state


@pytest.mark.parametrize("changes", FINE.values(), ids=FINE)
def test_a_warehouse_that_breaks_no_rule_is_well(changes: dict[str, Any]) -> None:
    assert judged(replace(WELL, **changes), NOW)["state"] == OK


def test_the_gravest_state_counts() -> None:
    found = judged(replace(WELL, audit_findings=1, **source(held=1)), NOW)
    assert {item["state"] for item in found["reasons"]} == {FAILED, DEGRADED}
    assert found["state"] == FAILED


def test_a_source_that_is_loaded_weekly_is_overdue_later() -> None:
    assert overdue_after("vocabularies") == timedelta(days=15) > overdue_after(IMMPORT.name)


def test_the_state_is_read_from_what_runs_recorded(filled: Warehouse) -> None:
    with filled.engine.connect() as connection:
        state = read_state(connection)
    assert state.is_current
    assert state.sources == {
        "immport": SourceState("DR51", "DR51", NOW - 30 * HOUR, {"current": 2, "withdrawn": 1}, 1, 1)
    }
    assert state.runs == {
        "immport_release": RunState("partial", NOW - 7 * HOUR, NOW - 6 * HOUR, NOW - 30 * HOUR)
    }
    assert state.calls == [CallState("immport", 'h"\\:1', "hai", 20, 2, 4, 2, 1000, 3000, NOW, None)]
    assert state.quarantined == [Quarantined("immport", "hai", 2, 0)]
    assert state.circuits == [CircuitState("h:1", "open", 1)]
    assert (state.key_expires_at, state.audit_findings) == (NOW + timedelta(days=3), 0)


def test_health_is_json_without_a_study(filled: Warehouse) -> None:
    with filled.engine.connect() as connection:
        found = health(connection, NOW)
        text = prometheus_text(connection, NOW)
    assert [item["rule"] for item in found["reasons"]] == [
        "run_failed", "load_failed", "held", "key_expires", "circuit_open",
    ]  # fmt: skip
    assert found["state"] == DEGRADED
    assert found["sources"]["immport"]["age_seconds"] == 30 * 3600
    assert found["key"] == {"expires_at": "2026-12-03T12:00:00+00:00", "seconds_left": 3 * 86400}
    assert "SDY" not in json.dumps(found) + text


def test_what_a_monitor_may_not_see_is_not_counted(filled: Warehouse) -> None:
    hidden = {"scope": "SDY9", "release_version": "DR51", "reason": "restricted: on the source's list"}
    with filled.engine.begin() as connection:
        connection.execute(sa.insert(WORK).values(run_id="immport_release/2", action="hold", **hidden))
    held = []
    with filled.engine.connect() as connection:
        for role in ("warehouse_loader", "warehouse_monitor"):
            connection.execute(sa.text(f"set role {role}"))
            found = health(connection, NOW)
            assert found["revision"]["present"] == newest_revision()
            held.append(found["sources"]["immport"]["held"])
    assert held == [2, 1]


def test_a_warehouse_of_another_revision_fails_and_nothing_more_is_read(warehouse: Warehouse) -> None:
    with warehouse.engine.connect() as connection:
        connection.execute(sa.text("update ops.alembic_version set version_num = '0001'"))
        found = health(connection, NOW)
        connection.rollback()
    assert [item["rule"] for item in found["reasons"]] == ["revision"]
    assert found["revision"] == {"present": "0001", "expected": newest_revision()}


def test_a_new_warehouse_is_empty(warehouse: Warehouse) -> None:
    with warehouse.engine.connect() as connection:
        found = health(connection)
    assert (found["state"], [item["rule"] for item in found["reasons"]]) == (FAILED, ["empty"])


def test_a_killed_run_is_seen_by_the_record_alone(warehouse: Warehouse) -> None:
    run_ledger.start_run(warehouse.engine, "immport_release/1")
    with warehouse.engine.connect() as connection:
        assert read_state(connection).runs["immport_release"].state == "running"


def test_every_series_has_the_labels_it_declares() -> None:
    state = replace(
        WELL, calls=[CALLED], quarantined=[Quarantined("immport", "hai", 1, 2)],
        circuits=[CircuitState("h:1", "open", 1)], key_expires_at=NOW,
    )  # fmt: skip
    for item in SERIES:
        samples = list(item.read(state, NOW))
        assert samples, item.name
        assert {tuple(labels) for labels, _ in samples} == {item.labels}
    assert "\nimport" not in exposed(state, NOW).replace("\nimmport", "")
