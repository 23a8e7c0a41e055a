"""Callbacks: what the warehouse cannot record is sent at once, and the address of a route stays a secret."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from immport_provider.alerts import run_failed, run_is_late, task_failed
from immport_provider.notifications.webhook import WebhookNotifier
from include.alerts.declared import ALERT_TYPE
from include.alerts.message import UndeliverableError
from tests.support.receivers import PATH, TOKEN, MailReceiver, WebhookReceiver, connect, html_of

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


def context(map_index: int = -1, **more: Any) -> Any:
    """What Airflow gives a callback; there is no warehouse."""
    return {
        "dag": SimpleNamespace(dag_id="immport_release"),
        "run_id": "manual__1",
        "ti": SimpleNamespace(task_id="finish", map_index=map_index),
        **more,
    }


def test_without_a_warehouse_a_failed_task_is_reported_at_once_in_words(webhook: WebhookReceiver) -> None:
    task_failed(context(exception=RuntimeError("partial: 1 failed\nSDY7 DR51: extract: 503")))
    ((path, headers, message),) = webhook.got
    assert (path, headers["Authorization"]) == (f"/hook/{PATH}", f"Bearer {TOKEN}")
    assert message.pop("text").startswith(
        "[critical] A run failed: immport_release/manual__1\nCause: the task"
    )
    assert message.pop("idempotency_key") == headers["Idempotency-Key"]
    assert message == {
        "event": "run_failed/immport_release/manual__1",
        "type": "run_failed",
        "severity": "critical",
        "source": None,
        "scopes": [],
        "release": None,
        "dag_id": "immport_release",
        "run_id": "manual__1",
        "cause": "the task finish failed: partial: 1 failed\nSDY7 DR51: extract: 503",
        "what_to_do": ALERT_TYPE["run_failed"].to_do,
        "runbook": "docs/runbook.md#run-failed",
        "link": "http://127.0.0.1:8080/warehouse/failures",
        "run_link": "http://127.0.0.1:8080/dags/immport_release/runs/manual__1",
    }


def test_a_task_that_was_killed_is_reported_without_an_error(webhook: WebhookReceiver) -> None:
    task_failed(context())
    assert "ended without a final status" in webhook.bodies[0]["cause"]


def test_of_mapped_tasks_none_is_reported(webhook: WebhookReceiver) -> None:
    task_failed(context(map_index=0, exception=RuntimeError("for this test")))
    assert webhook.got == []


def test_a_run_is_reported_unless_a_task_was(webhook: WebhookReceiver) -> None:
    run_failed(context(reason="task_failure"))
    assert webhook.got == []
    run_failed(context(reason="timed_out"))
    assert webhook.bodies[0]["cause"] == "Airflow ended the run: timed_out"


def test_a_late_run_is_reported_from_an_event_loop_by_each_route(
    webhook: WebhookReceiver, mail: MailReceiver
) -> None:
    run = {"dag_run": {"dag_id": "immport_release", "dag_run_id": "manual__1"}}
    asyncio.run(run_is_late(context=run, late_after="21:00:00"))
    ((_, headers, message),) = webhook.got
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert (message["type"], message["cause"]) == ("run_late", "it has not ended within 21:00:00")
    assert "it has not ended within 21:00:00" in html_of(mail.got[0])


def test_without_a_connection_nothing_is_sent() -> None:
    task_failed(context(exception=RuntimeError("for this test")))
    asyncio.run(run_is_late(context={}, late_after="1 h"))


def test_a_webhook_that_refuses_is_an_error_without_its_address(
    webhook: WebhookReceiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in (None, "httpx", "httpcore.http11"):
        caplog.set_level(logging.DEBUG, name)
    webhook.status = 404
    with pytest.raises(UndeliverableError, match="the webhook of immport_alerts answers 404") as refused:
        task_failed(context())
    connect(monkeypatch, "IMMPORT_ALERTS", host=f"http://127.0.0.1:9/hook/{PATH}", password=TOKEN)
    with pytest.raises(UndeliverableError, match="cannot be called") as away:
        task_failed(context())
    for error in (refused.value, away.value):
        assert error.__cause__ is None
        assert "canary" not in str(error)
    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("ftp://example.org", "is not an address such as"),
        ("http://example.org/hook", "unencrypted"),
        ("https://example.org:port/hook", "is not an address"),
    ],
)
def test_a_connection_that_would_give_the_token_away_is_refused(
    monkeypatch: pytest.MonkeyPatch, host: str, message: str
) -> None:
    connect(monkeypatch, "IMMPORT_ALERTS", host=host, password=TOKEN)
    with pytest.raises(UndeliverableError, match=message):
        task_failed(context())


@pytest.mark.parametrize("missing", ["to", "from_email"])
def test_a_mail_connection_without_addresses_names_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    extra = {"to": "a@example.org", "from_email": "b@example.org", missing: ""}
    connect(monkeypatch, "IMMPORT_ALERTS_SMTP", conn_type="smtp", host="127.0.0.1", extra=extra)
    with pytest.raises(UndeliverableError, match=f"immport_alerts_smtp has no {missing}"):
        task_failed(context())


def test_the_notifier_of_a_webhook_serves_any_dag(webhook: WebhookReceiver) -> None:
    """As `on_failure_callback` of a DAG of one's own: its text is a template."""
    notifier = WebhookNotifier(text="{{ ti.task_id }} of {{ run_id }} failed", fields={"team": "data"})
    notifier({**context(), "dag": None})
    assert webhook.bodies == [{"team": "data", "text": "finish of manual__1 failed"}]


def test_slack_gets_plain_text(webhook: WebhookReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Slack would take for a mention or a link is text. Of the extra `slack`, where it is installed."""
    pytest.importorskip("airflow.providers.slack", reason="the extra slack is not installed")
    monkeypatch.delenv("AIRFLOW_CONN_IMMPORT_ALERTS")
    host = f"http://127.0.0.1:{webhook.server_port}"
    connect(monkeypatch, "IMMPORT_ALERTS_SLACK", conn_type="slackwebhook", host=host, password=f"{PATH}/x")
    task_failed(context(exception=RuntimeError("<!channel> & {{ conn.immport_alerts_slack.password }}")))
    assert webhook.got[0][0] == f"/{PATH}/x"
    assert "&lt;!channel&gt; &amp; {{ conn.immport_alerts_slack.password }}" in webhook.bodies[0]["text"]


def test_a_slack_connection_without_the_extra_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("immport_provider.notifications.routes.find_spec", lambda name: None)
    connect(monkeypatch, "IMMPORT_ALERTS_SLACK", conn_type="slackwebhook", password="canary/x")
    with pytest.raises(UndeliverableError, match="the extra slack of this project is not installed"):
        task_failed(context())
