"""Alerts of whole runs: one message for what happened, none twice, none while nothing is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.end_to_end.worlds import CHANGED, NEWEST, Loaded
from tests.support.receivers import PATH, TOKEN, WebhookReceiver, running_webhook
from tests.support.runs import Installation, Installations
from tests.support.sandbox import RunningSandbox


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with running_webhook() as server:
        yield server


@pytest.fixture
def installation(installations: Installations, before: Loaded, receiver: WebhookReceiver) -> Installation:
    """The small world at the release before the newest, and a webhook that is alerted."""
    address = f"http://127.0.0.1:{receiver.server_port}/{PATH}"
    connection = json.dumps({"conn_type": "http", "host": address, "password": TOKEN})
    connections = {
        "AIRFLOW_CONN_IMMPORT_ALERTS": connection,
        "AIRFLOW__API__BASE_URL": "http://127.0.0.1:8080",
    }
    return replace(installations.copy(before.installation), connections=connections)


def types(receiver: WebhookReceiver) -> list[str]:
    return [body["type"] for body in receiver.bodies]


def alerts(installation: Installation) -> list[tuple[Any, ...]]:
    found = installation.query(
        "select alert_type, scopes, resolved_at is not null from ops.alert order by alert_id"
    )
    return [tuple(row) for row in found]


@pytest.mark.long
def test_a_failed_study_is_alerted_to_once_and_resolved_when_it_is_loaded(
    installation: Installation, small: RunningSandbox, receiver: WebhookReceiver
) -> None:
    small.fault("hai", "503", study=CHANGED)
    run = installation.run(route="api")
    assert run.state == "failed"
    assert types(receiver) == ["scope_failed"]
    body = receiver.bodies[0]
    assert (body["source"], body["scopes"], body["release"]) == ("immport", [CHANGED], NEWEST)
    assert "HTTP 503" in body["cause"]
    assert f"{body['dag_id']}/{body['run_id']}" == run.run_id
    assert body["link"] == f"http://127.0.0.1:8080/warehouse/study?source=immport&scope={CHANGED}"
    assert installation.run(dag="warehouse_alerts").state == "success"
    assert types(receiver) == ["scope_failed"]
    small.clear_faults()
    later = installation.run(route="api")
    assert later.state == "success", later.log[-4000:]
    assert types(receiver) == ["scope_failed"]
    assert alerts(installation) == [("scope_failed", [CHANGED], True)]
    for secret in (TOKEN, PATH):
        assert secret not in run.log + later.log


@pytest.mark.long
def test_a_run_whose_listing_cannot_be_had_says_why(
    installation: Installation, small: RunningSandbox, receiver: WebhookReceiver
) -> None:
    """Reported by the task that failed, before the one that ends the run; that adds no second message."""
    small.fault("search", "403")
    run = installation.run()
    assert run.tasks["discover"] == "failed"
    assert types(receiver) == ["run_failed"]
    assert "the task discover failed: AccessError" in receiver.bodies[0]["cause"]
    assert alerts(installation) == [("run_failed", [], False)]


@pytest.mark.long
def test_a_release_that_loads_whole_alerts_to_nothing(
    installation: Installation, small: RunningSandbox, receiver: WebhookReceiver
) -> None:
    assert installation.run(route="api").state == "success"
    assert installation.run(dag="warehouse_upkeep").state == "success"
    assert installation.run(dag="warehouse_alerts").state == "success"
    assert (types(receiver), alerts(installation)) == ([], [])


@pytest.mark.long
def test_an_audit_that_fails_is_one_message_and_the_drill_is_another(
    installation: Installation, receiver: WebhookReceiver
) -> None:
    with installation.engine.begin() as connection:
        connection.exec_driver_sql("update history.fact_hai set unit_key = 999999")
    assert installation.run(dag="warehouse_upkeep").state == "failed"
    assert types(receiver) == ["audit_failed"]
    assert "key_exists:unit_key of fact_hai" in receiver.bodies[0]["cause"]
    assert installation.run(dag="warehouse_alert_drill").state == "success"
    assert types(receiver) == ["audit_failed", "drill"]
