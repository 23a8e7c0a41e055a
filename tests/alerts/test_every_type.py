"""Every declared type is received by a real mail server and a real webhook, as people would get it."""

from __future__ import annotations

import asyncio
import html
import json
import logging
import os
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from immport_provider import alert_settings, alerts
from immport_provider.operators.alerts import WarehouseAlertDrillOperator
from include.alerts.declared import ALERT_TYPE, ALERT_TYPES
from include.alerts.delivery import DeliveryCount
from tests.support.alerts import SCENARIOS, Operations
from tests.support.receivers import PASSWORD, PATH, RECIPIENT, TOKEN, MailReceiver, WebhookReceiver, html_of

RUN = {"dag_id": "immport_release", "dag_run_id": "manual__1"}


pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@pytest.fixture
def connected(ops: Operations, monkeypatch: pytest.MonkeyPatch) -> Operations:
    """Operations that Airflow's connection leads to, too."""
    url = ops.engine.url
    warehouse = {
        "conn_type": "postgres",
        "host": url.host,
        "port": url.port,
        "login": url.username,
        "password": url.password,
        "schema": url.database,
        "extra": dict(url.query),
    }
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT", json.dumps(warehouse))
    monkeypatch.setattr(alert_settings, "observed", ops.observed)
    return ops


def come_about(ops: Operations, name: str) -> None:
    """Let an event of a type happen, and alert as Airflow would."""
    if name in SCENARIOS:
        SCENARIOS[name][0](ops)
        alerts.evaluate(ops.engine)
    elif name == "run_late":
        asyncio.run(alerts.run_is_late(context={"dag_run": RUN}, late_after="21:00:00"))
    else:
        drill(f"drill-{name}")


def drill(run_id: str) -> Any:
    operator = WarehouseAlertDrillOperator(task_id="drill")
    context: Any = {"dag": SimpleNamespace(dag_id="warehouse_alert_drill"), "run_id": run_id}
    return operator.execute(context)


@pytest.mark.parametrize("name", [item.name for item in ALERT_TYPES])
def test_a_message_of_the_type_arrives_by_mail_and_webhook(
    connected: Operations, webhook: WebhookReceiver, mail: MailReceiver, name: str
) -> None:
    come_about(connected, name)
    declared = ALERT_TYPE[name]
    bodies = [body for body in webhook.bodies if body["type"] == name]
    mails = [item for item in mail.got if f"{declared.title}" in item["Subject"]]
    assert len(bodies) == len(mails) == {"scope_failed": 2}.get(name, 1)
    body, got = bodies[0], mails[0]
    assert body["severity"] == declared.severity.value
    assert body["cause"]
    assert body["what_to_do"] == declared.to_do
    assert body["link"].startswith("http://127.0.0.1:8080/warehouse/")
    assert body["runbook"] == declared.entry
    text = html.unescape(html_of(got))
    for value in (declared.to_do, declared.entry, body["link"]):
        assert value in text
    assert got["Subject"].startswith(f"[{declared.severity.value}]")
    if name not in {"run_late"}:
        with connected.engine.connect() as connection:
            states = (
                connection.execute(sa.text("select distinct state from ops.alert_delivery")).scalars().all()
            )
        assert states == ["delivered"]


def test_both_routes_name_the_event_so_that_a_second_message_can_be_dropped(
    connected: Operations, webhook: WebhookReceiver, mail: MailReceiver
) -> None:
    come_about(connected, "audit_failed")
    (_, headers, body), (message,) = webhook.got[0], mail.got
    assert headers["Idempotency-Key"] == body["idempotency_key"]
    assert message["Message-ID"] == f"<{body['idempotency_key']}@immport-warehouse>"
    assert message["X-Alert-Event"] == body["event"]
    assert mail.recipients == [[RECIPIENT]]


def test_what_jinja_would_evaluate_is_text(
    connected: Operations, webhook: WebhookReceiver, mail: MailReceiver
) -> None:
    hostile = "StorageError: {{ conn.immport_alerts_smtp.password }} {% for x in y %} <b>\u202e\U0001f600"
    connected.run("failed", "immport_export", note=hostile)
    alerts.evaluate(connected.engine)
    assert webhook.bodies[0]["cause"].endswith(hostile)
    assert "{{ conn.immport_alerts_smtp.password }} {% for x in y %} &lt;b&gt;" in html_of(mail.got[0])


def test_routes_that_fail_are_tried_again_and_show_nothing_of_their_connections(
    connected: Operations,
    webhook: WebhookReceiver,
    mail: MailReceiver,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither a log at whatever level nor a table holds an address, a token, a password or a recipient."""
    for name in (None, "httpx", "httpcore.http11"):
        caplog.set_level(logging.DEBUG, name)
    webhook.status, mail.refusal = 503, f"550 {RECIPIENT} is unknown here"
    connected.run("failed", "immport_export", note="StorageError: full")
    assert alerts.evaluate(connected.engine) == DeliveryCount(failed=2)
    with connected.engine.connect() as connection:
        kept = connection.execute(sa.text("select route, error from ops.alert_delivery order by 1")).all()
    assert [tuple(row) for row in kept] == [
        ("mail", "mail of immport_alerts_smtp failed (SMTPRecipientsRefused 550)"),
        ("webhook", "the webhook of immport_alerts answers 503"),
    ]
    with pytest.raises(Exception, match="the test message was not delivered by mail: mail of"):
        drill("refused")
    webhook.status, mail.refusal = 200, None
    assert alerts.evaluate(connected.engine).failed == 0
    assert sorted(body["type"] for body in webhook.bodies[-2:]) == ["drill", "run_failed"]
    assert {item["Subject"].partition("]")[0] for item in mail.got} >= {"[critical", "[info"}
    shown = caplog.text + "".join(capsys.readouterr())
    for secret in (TOKEN, PASSWORD, PATH, RECIPIENT):
        assert secret not in shown


def test_a_wrong_password_is_a_failed_delivery_that_does_not_show_it(
    connected: Operations, mail: MailReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = json.loads(os.environ["AIRFLOW_CONN_IMMPORT_ALERTS_SMTP"])
    monkeypatch.setenv(
        "AIRFLOW_CONN_IMMPORT_ALERTS_SMTP", json.dumps({**changed, "password": "canary-wrong"})
    )
    connected.run("failed", "immport_export", note="StorageError: full")
    assert alerts.evaluate(connected.engine) == DeliveryCount(failed=1)
    with connected.engine.connect() as connection:
        error = connection.scalar(sa.text("select error from ops.alert_delivery"))
    assert error == "mail of immport_alerts_smtp failed (SMTPAuthenticationError 535)"


def test_the_drill_proves_each_route_and_warns_where_there_is_none(
    connected: Operations,
    webhook: WebhookReceiver,
    mail: MailReceiver,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert drill("monday") == ["webhook", "mail"]
    assert len(webhook.got) == len(mail.got) == 1
    for name in ("IMMPORT_ALERTS", "IMMPORT_ALERTS_SMTP"):
        monkeypatch.delenv(f"AIRFLOW_CONN_{name}")
    assert drill("tuesday") == []
    assert "no route of alerts has a connection: no alert is sent" in capsys.readouterr().out
