"""Events: found where they are true, once, resolved when their cause is gone; no noise without a cause."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from immport_provider.page_links import page_path
from include.alerts.declared import ALERT_TYPE, ALERT_TYPES
from include.alerts.events import AlertEvent, Observed, evaluate, is_explained_run, report
from include.warehouse.schema.ops_tables import RUN
from tests.support.alerts import SCENARIOS, Operations

ROUTES = ("webhook", "mail")


def found(ops: Operations, **limits: Any) -> list[str]:
    """Types of the new events of an evaluation."""
    new = evaluate(ops.engine, ops.observed(**limits), ROUTES, page_path)
    return sorted(key.partition("/")[0] for key in new)


def alerts(ops: Operations, columns: str = "*") -> list[Any]:
    with ops.engine.connect() as connection:
        return list(connection.execute(sa.text(f"select {columns} from ops.alert order by alert_id")).all())


def test_every_type_that_has_a_query_has_a_scenario() -> None:
    assert {item.name for item in ALERT_TYPES if item.query} == set(SCENARIOS)


@pytest.mark.parametrize("name", SCENARIOS)
def test_an_event_is_found_once_and_resolved_when_its_cause_is_gone(ops: Operations, name: str) -> None:
    begin, mend = SCENARIOS[name]
    begin(ops)
    first = found(ops)
    also = {"scope_failed"} if name == "release_not_loaded" else set()  # since a study failed, too
    assert set(first) == {name} | also
    assert found(ops) == []
    (row, *_) = [item for item in alerts(ops) if item.alert_type == name]
    assert row.resolved_at is None
    assert row.cause
    assert row.severity == ALERT_TYPE[name].severity.value
    assert row.link.startswith("/warehouse/")
    mend(ops)
    assert name not in found(ops)
    assert [item.alert_type for item in alerts(ops) if item.resolved_at is None] == []


def test_each_new_event_is_planned_for_each_route_that_there_was(ops: Operations) -> None:
    ops.run("failed", "immport_export", note="StorageError")
    evaluate(ops.engine, ops.observed(), ["webhook"], page_path)
    evaluate(ops.engine, ops.observed(), ROUTES, page_path)
    with ops.engine.connect() as connection:
        planned = connection.execute(sa.text("select route, state, attempts from ops.alert_delivery")).all()
    assert [tuple(row) for row in planned] == [("webhook", "pending", 0)]


def test_scopes_of_one_cause_are_one_event_and_those_of_another_are_not(ops: Operations) -> None:
    SCENARIOS["scope_failed"][0](ops)
    assert found(ops) == ["scope_failed", "scope_failed"]
    rows = {tuple(row.scopes): row for row in alerts(ops)}
    assert set(rows) == {("SDY1", "SDY2", "SDY3"), ("SDY4",)}
    assert "3 failed alike, such as: ServerError" in rows["SDY1", "SDY2", "SDY3"].cause
    assert rows["SDY4",].cause == "CheckFailedError: results_kept of elisa"
    assert rows["SDY4",].link == "/warehouse/study?source=immport&scope=SDY4"
    assert rows["SDY1", "SDY2", "SDY3"].link == "/warehouse/failures?source=immport"
    assert {row.release_version for row in rows.values()} == {"DR51"}


def test_of_a_cause_that_is_partly_gone_the_scopes_that_are_left_are_shown(ops: Operations) -> None:
    SCENARIOS["scope_failed"][0](ops)
    found(ops)
    ops.work(ops.run("running", hours_ago=0.5), scope="SDY2")
    assert found(ops) == []
    assert sorted(row.scopes for row in alerts(ops)) == [["SDY1", "SDY3"], ["SDY4"]]


def test_a_scope_that_fails_again_in_a_later_run_is_a_new_event(ops: Operations) -> None:
    ops.work(ops.run("partial", hours_ago=2), "failed", error="ServerError: HTTP 503")
    assert found(ops) == ["scope_failed"]
    running = ops.run("running")
    ops.work(running, "planned")
    assert found(ops) == []
    with ops.engine.begin() as connection:
        connection.execute(sa.update(RUN).where(RUN.c.run_id == running).values(state="failed"))
        connection.exec_driver_sql(
            "update ops.load set state = 'failed', error = 'ServerError' where run_id <> ''"
        )
    assert found(ops) == ["scope_failed"]
    assert [row.resolved_at is None for row in alerts(ops)] == [False, True]


def test_scopes_of_any_source_are_alerted_to(ops: Operations) -> None:
    run = ops.run("partial", "immport_vocabularies")
    ops.work(run, "failed", source="vocabularies", scope="lkSex", error="BadAnswerError: HTML")
    ops.audit("dim_gene_list", failed=1)
    assert found(ops) == ["audit_failed", "scope_failed"]
    assert [(row.source, row.scopes) for row in alerts(ops)] == [
        ("vocabularies", ["lkSex"]),
        ("gene_lists", []),
    ]


def test_a_run_that_its_scopes_or_its_audit_explain_is_no_event_of_its_own(ops: Operations) -> None:
    run = ops.run("failed")
    ops.work(run, "failed", error="CredentialError: 401")
    ops.audit(failed=2)
    assert found(ops) == ["audit_failed", "scope_failed"]
    assert is_explained_run(ops.engine, run)


def test_a_reported_failure_stays_while_the_record_of_its_run_is_open(ops: Operations) -> None:
    run = ops.run("running")
    event = AlertEvent(ALERT_TYPE["run_failed"], run, "the task discover failed: 401", run_id=run)
    assert report(ops.engine, event, ROUTES, page_path)
    assert not report(ops.engine, event, ROUTES, page_path)
    assert found(ops) == []
    assert [row.resolved_at for row in alerts(ops)] == [None]
    ops.run(hours_ago=0.5)
    assert found(ops) == []
    assert alerts(ops, "resolved_at is null") == [(False,)]


@pytest.mark.parametrize(
    ("left", "thresholds"),
    [
        ({"days": 7.5}, []),
        ({"days": 6}, ["7"]),
        ({"days": 2.5}, ["3"]),
        ({"hours": 20}, ["1"]),
        ({"hours": -1}, ["0"]),
    ],
)
def test_a_key_is_alerted_to_at_each_threshold(
    ops: Operations, left: dict[str, float], thresholds: list[str]
) -> None:
    ops.key(**left)
    found(ops)
    assert [row.event_key.rpartition("/")[2] for row in alerts(ops)] == thresholds


def test_each_threshold_of_one_key_is_an_event(ops: Operations) -> None:
    """Its end is fixed; what passes is the time, which the test moves in the tables."""
    ops.key(days=6)
    assert found(ops) == ["key_expiring"]
    ops.key(days=2)
    assert found(ops) == ["key_expiring"]
    assert [row.resolved_at is None for row in alerts(ops)] == [False, True]
    assert "in less than 3 days" in alerts(ops)[1].cause


def test_the_first_load_is_compared_with_nothing(ops: Operations) -> None:
    run = ops.run(newest_release="DR51", hours_ago=2)
    load = ops.work(run)
    ops.staged(load, 100, quarantined=50, withheld="stated_rows")
    ops.change(load, added=100)
    ops.drift(load, "newField")
    assert found(ops) == []


def test_an_empty_warehouse_is_quiet(ops: Operations) -> None:
    assert found(ops) == []
    assert evaluate(ops.engine, Observed(), [], page_path) == []


def test_what_happened_long_ago_is_not_new(ops: Operations) -> None:
    """Such as everything that the first evaluation after an upgrade meets."""
    ops.run("failed", "immport_export", hours_ago=24 * 8, note="StorageError")
    assert found(ops) == []
    assert alerts(ops) == []


def test_what_was_recorded_stays_until_its_cause_is_gone_however_old_it_is(ops: Operations) -> None:
    run = ops.run("failed", "immport_export", note="StorageError")
    found(ops)
    with ops.engine.begin() as connection:
        ended = datetime.now(UTC) - timedelta(days=40)
        connection.execute(sa.update(RUN).where(RUN.c.run_id == run).values(started_at=ended, ended_at=ended))
    assert found(ops) == []
    assert alerts(ops, "resolved_at is null") == [(True,)]


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("release_not_loaded", {"release_hours": 26}),
        ("quality_regressed", {"quality_points": 5.0}),
        ("volume_fell", {"volume_percent": 40.0}),
        ("volume_fell", {"least_rows": 101}),
    ],
)
def test_limits_decide_from_where_on_something_is_an_event(
    ops: Operations, name: str, limits: dict[str, Any]
) -> None:
    SCENARIOS[name][0](ops)
    assert name not in found(ops, **limits)


def test_an_endpoint_that_is_newly_withheld_is_a_regression(ops: Operations) -> None:
    ops.staged(ops.work(ops.run(hours_ago=30), release="DR50"), 100)
    ops.staged(ops.work(ops.run()), 100, withheld="stated_rows")
    assert found(ops) == ["quality_regressed"]
    assert alerts(ops, "cause") == [("newly withheld: elisa",)]


def test_rows_that_a_withdrawal_takes_are_not_a_fall(ops: Operations) -> None:
    ops.change(ops.work(ops.run(hours_ago=30), release="DR50"), added=100)
    ops.change(ops.work(ops.run(), action="withdraw"), withdrawn=100)
    assert found(ops) == []


def test_two_evaluations_at_once_find_an_event_once(ops: Operations) -> None:
    for _ in range(3):
        ops.run("failed", f"immport_{_}", note="StorageError")
    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(lambda _: found(ops), range(4)))
    assert sorted(map(len, ended)) == [0, 0, 0, 3]
    assert len(alerts(ops)) == 3


def test_an_event_whose_cause_is_back_is_open_again_and_not_new(ops: Operations) -> None:
    ops.key(days=2)
    found(ops)
    kept, ops.keys = ops.keys, ()
    found(ops)
    assert alerts(ops, "resolved_at is null") == [(False,)]
    ops.keys = kept
    assert found(ops) == []
    assert alerts(ops, "resolved_at is null") == [(True,)]
