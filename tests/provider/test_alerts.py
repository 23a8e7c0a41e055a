"""Alerts: a real receiver hears of a failure once, in words, and the address of a webhook stays a secret."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from immport_provider.alerts import AlertError, run_failed, run_is_late, task_failed

TOKEN = "canary-token"


class Receiver(ThreadingHTTPServer):
    """A webhook that keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.got: list[tuple[str, str | None, dict[str, Any]]] = []
        self.status = 200


class Taking(BaseHTTPRequestHandler):
    """Takes one message."""

    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.got.append((self.path, self.headers.get("Authorization"), body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with Receiver() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        connect(monkeypatch, f"http://127.0.0.1:{server.server_port}/hook/canary-path", TOKEN)
        yield server
        server.shutdown()
        thread.join()


def connect(monkeypatch: pytest.MonkeyPatch, host: str, token: str | None = None) -> None:
    fields = {"conn_type": "http", "host": host, "password": token}
    monkeypatch.setenv("AIRFLOW_CONN_IMMPORT_ALERTS", json.dumps(fields))
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://127.0.0.1:8080")


def context(map_index: int = -1, **more: Any) -> Any:
    return {
        "dag": SimpleNamespace(dag_id="immport_release"),
        "run_id": "manual__1",
        "ti": SimpleNamespace(task_id="finish", map_index=map_index),
        **more,
    }


def test_a_task_that_failed_is_reported_in_words(receiver: Receiver) -> None:
    task_failed(context(exception=RuntimeError("partial: 1 failed\nSDY7 DR51: extract: 503")))
    ((path, header, message),) = receiver.got
    assert (path, header) == ("/hook/canary-path", f"Bearer {TOKEN}")
    assert message == {
        "text": "immport_release/manual__1, task finish failed: partial: 1 failed\nSDY7 DR51: extract: 503",
        "dag_id": "immport_release",
        "run_id": "manual__1",
        "task_id": "finish",
        "state": "failed",
        "link": "http://127.0.0.1:8080/dags/immport_release/runs/manual__1",
    }


def test_a_task_that_was_killed_is_reported_without_an_error(receiver: Receiver) -> None:
    task_failed(context())
    assert "ended without a final status" in receiver.got[0][2]["text"]


def test_of_mapped_tasks_none_is_reported(receiver: Receiver) -> None:
    task_failed(context(map_index=0, exception=RuntimeError("for this test")))
    assert receiver.got == []


def test_a_run_is_reported_unless_a_task_was(receiver: Receiver) -> None:
    run_failed(context(reason="task_failure"))
    assert receiver.got == []
    run_failed(context(reason="timed_out"))
    assert receiver.got[0][2]["text"] == "immport_release/manual__1 failed: timed_out"


def test_a_late_run_is_reported_from_an_event_loop(receiver: Receiver) -> None:
    run = {"dag_run": {"dag_id": "immport_release", "dag_run_id": "manual__1"}}
    asyncio.run(run_is_late(context=run, late_after="21:00:00"))
    ((_, header, message),) = receiver.got
    assert header == f"Bearer {TOKEN}"
    assert message["text"] == "immport_release/manual__1 late: it has not ended within 21:00:00"
    assert message["state"] == "late"


def test_without_the_connection_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_IMMPORT_ALERTS", raising=False)
    task_failed(context(exception=RuntimeError("for this test")))
    asyncio.run(run_is_late(context={}, late_after="1 h"))


def test_a_webhook_that_refuses_is_an_error_without_its_address(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "immport_provider")
    receiver.status = 404
    with pytest.raises(AlertError, match="the webhook of immport_alerts answers 404") as refused:
        task_failed(context())
    connect(monkeypatch, "http://127.0.0.1:9/hook/canary-path", TOKEN)
    with pytest.raises(AlertError, match="cannot be called") as away:
        task_failed(context())
    for error in (refused.value, away.value):
        assert error.__cause__ is None
        assert "canary" not in str(error)
    assert "canary" not in " ".join(
        item.getMessage() for item in caplog.records if item.name.startswith("immport")
    )


@pytest.mark.parametrize(
    ("host", "message"),
    [("ftp://example.org", "is not an address"), ("http://example.org/hook", "unencrypted")],
)
def test_a_connection_that_would_give_the_token_away_is_refused(
    monkeypatch: pytest.MonkeyPatch, host: str, message: str
) -> None:
    connect(monkeypatch, host, TOKEN)
    with pytest.raises(AlertError, match=message):
        task_failed(context())
