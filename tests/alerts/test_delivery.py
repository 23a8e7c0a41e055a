"""Messages: by each route once, again where it failed or was killed, with the same idempotency key."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
import sqlalchemy as sa

from immport_provider.page_links import page_path, run_path
from include.alerts.declared import ALERT_TYPE
from include.alerts.delivery import AlertLinks, DeliveryCount, deliver, query, undelivered
from include.alerts.events import AlertEvent, report
from include.alerts.message import AlertMessage, UndeliverableError
from tests.support.alerts import Operations

LINKS = AlertLinks(lambda path: f"https://airflow.example.org{path}", run_path)
ROUTES = ("mail", "webhook")


class Sent:
    """Takes messages, and refuses them by the routes that a test names."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.messages: list[tuple[str, AlertMessage]] = []

    def __call__(self, route: str, message: AlertMessage) -> None:
        if route in self.refused:
            raise UndeliverableError(f"{route} answers 503")
        self.messages.append((route, message))


def happen(ops: Operations, number: int = 1, **values: Any) -> AlertEvent:
    """An event of a run, recorded."""
    run = f"immport_export/{number}"
    event = AlertEvent(ALERT_TYPE["run_failed"], run, "StorageError: full", run_id=run, **values)
    assert report(ops.engine, event, ROUTES, page_path)
    return event


def send(ops: Operations, sender: Callable[[str, AlertMessage], None]) -> DeliveryCount:
    return deliver(ops.engine, ROUTES, sender, LINKS)


def rows(ops: Operations, statement: str) -> list[tuple[Any, ...]]:
    with ops.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(statement)).all()]


DELIVERIES = "select route, state, attempts, error from ops.alert_delivery order by alert_id, route"


def test_each_route_gets_a_message_once(ops: Operations) -> None:
    happen(ops)
    sender = Sent()
    assert send(ops, sender) == DeliveryCount(delivered=2)
    assert send(ops, sender) == DeliveryCount()
    assert [route for route, _ in sender.messages] == list(ROUTES)
    assert rows(ops, DELIVERIES) == [("mail", "delivered", 1, None), ("webhook", "delivered", 1, None)]


def test_a_message_says_what_happened_what_to_do_and_where_to_look(ops: Operations) -> None:
    happen(ops, source="immport", scopes=("SDY1", "SDY2"), release_version="DR51")
    sender = Sent()
    send(ops, sender)
    message = sender.messages[0][1]
    assert message.subject == "[critical] A run failed: immport SDY1, SDY2 DR51"
    assert message.text().splitlines() == [
        "[critical] A run failed: immport SDY1, SDY2 DR51",
        "Cause: StorageError: full",
        f"What to do: {ALERT_TYPE['run_failed'].to_do}",
        "Runbook: docs/runbook.md#run-failed",
        "Run: immport_export/1",
        "Page: https://airflow.example.org/warehouse/failures?source=immport",
        "Page of the run: https://airflow.example.org/dags/immport_export/runs/1",
    ]
    body = message.body()
    assert (body["event"], body["dag_id"], body["run_id"]) == (
        "run_failed/immport_export/1",
        "immport_export",
        "1",
    )
    assert body["scopes"] == ["SDY1", "SDY2"]


def test_of_many_scopes_the_first_are_named(ops: Operations) -> None:
    happen(ops, source="immport", scopes=tuple(f"SDY{n}" for n in range(1, 1001)))
    sender = Sent()
    send(ops, sender)
    assert sender.messages[0][1].subject.endswith("SDY12 and 988 more")
    assert len(sender.messages[0][1].body()["scopes"]) == 1000


def test_hostile_text_is_text(ops: Operations) -> None:
    run = "immport_export/<script>{{ 7 * 7 }}"
    event = AlertEvent(
        ALERT_TYPE["drill"], run, "<script>alert(1)</script> & 'x' \u202e\n{{ conn.x }}", run_id=run
    )
    report(ops.engine, event, ROUTES, page_path)
    sender = Sent()
    send(ops, sender)
    html = sender.messages[0][1].html()
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in html
    assert "\n" not in sender.messages[0][1].subject


def test_a_route_that_failed_is_tried_again_and_the_other_is_not(ops: Operations) -> None:
    event = happen(ops)
    sender = Sent("mail")
    assert send(ops, sender) == DeliveryCount(delivered=1, failed=1)
    assert rows(ops, DELIVERIES)[0] == ("mail", "failed", 1, "mail answers 503")
    assert undelivered(ops.engine, event.key) == {"mail": "mail answers 503"}
    sender.refused = ()
    assert send(ops, sender) == DeliveryCount(delivered=1)
    assert [route for route, _ in sender.messages] == ["webhook", "mail"]
    assert rows(ops, DELIVERIES)[0] == ("mail", "delivered", 2, None)


def test_what_has_not_arrived_for_a_week_is_given_up_and_stays_undelivered(ops: Operations) -> None:
    happen(ops)
    with ops.engine.begin() as connection:
        connection.exec_driver_sql("update ops.alert_delivery set created_at = now() - interval '8 days'")
    assert send(ops, Sent()) == DeliveryCount()
    assert len(rows(ops, query("undelivered"))) == 2


def test_a_route_whose_connection_is_gone_waits(ops: Operations) -> None:
    happen(ops)
    sender = Sent()
    deliver(ops.engine, ["webhook"], sender, LINKS)
    assert [route for route, _ in sender.messages] == ["webhook"]
    assert rows(ops, DELIVERIES)[0] == ("mail", "pending", 0, None)


def test_two_runs_at_once_send_a_message_once(ops: Operations) -> None:
    """Both meet while the first one is sending: the second passes its message over."""
    happen(ops)
    both, sender = Barrier(2, timeout=30), Sent()
    is_sending, may_end = Event(), Event()

    def slowly(route: str, message: AlertMessage) -> None:
        is_sending.set()
        assert may_end.wait(30)
        sender(route, message)

    def first() -> DeliveryCount:
        both.wait()
        return deliver(ops.engine, ["mail"], slowly, LINKS)

    def second() -> DeliveryCount:
        both.wait()
        assert is_sending.wait(30)
        try:
            return deliver(ops.engine, ["mail"], sender, LINKS)
        finally:
            may_end.set()

    with ThreadPoolExecutor(2) as pool:
        counts = [task.result() for task in (pool.submit(first), pool.submit(second))]
    assert counts == [DeliveryCount(delivered=1), DeliveryCount()]
    assert len(sender.messages) == 1


def test_what_another_run_has_delivered_meanwhile_is_not_sent_again(ops: Operations) -> None:
    """Both saw two messages that are due; the other run sends the second while this one sends the first."""
    happen(ops)
    sender = Sent()

    def meanwhile(route: str, message: AlertMessage) -> None:
        sender(route, message)
        if route == "mail":
            assert deliver(ops.engine, ["webhook"], sender, LINKS).delivered == 1

    assert send(ops, meanwhile) == DeliveryCount(delivered=1)
    assert [route for route, _ in sender.messages] == ["mail", "webhook"]


def _dies(url: str, log: Path) -> None:
    """Deliver, and die between sending and recording."""

    def die(route: str, message: AlertMessage) -> None:
        with log.open("a") as file:
            file.write(f"{message.idempotency_key}\n")
        os._exit(9)

    deliver(sa.create_engine(url), ["mail"], die, LINKS)


def test_a_process_that_is_killed_after_sending_sends_the_same_message_again(
    ops: Operations, tmp_path: Path
) -> None:
    happen(ops)
    log = tmp_path / "sent"
    url = ops.engine.url.render_as_string(hide_password=False)
    child = multiprocessing.get_context("spawn").Process(target=_dies, args=(url, log))
    child.start()
    child.join(60)
    assert child.exitcode == 9
    assert rows(ops, DELIVERIES)[0] == ("mail", "pending", 0, None)
    sender = Sent()
    deliver(ops.engine, ["mail"], sender, LINKS)
    assert [message.idempotency_key for _, message in sender.messages] == log.read_text().split()


def test_a_late_message_says_that_its_cause_is_gone(ops: Operations) -> None:
    happen(ops)
    with ops.engine.begin() as connection:
        connection.exec_driver_sql("update ops.alert set resolved_at = '2026-05-03T04:00:00Z'")
    sender = Sent()
    send(ops, sender)
    assert "\nResolved: 2026-05-03 04:00" in sender.messages[0][1].text()


@pytest.mark.parametrize("name", ["route_status", "undelivered"])
def test_the_queries_of_the_page_answer_in_an_empty_warehouse(ops: Operations, name: str) -> None:
    assert rows(ops, query(name)) == []


def test_the_page_sees_the_last_proven_delivery_and_what_is_undelivered(ops: Operations) -> None:
    report(ops.engine, AlertEvent(ALERT_TYPE["drill"], "drill/1", "test"), ROUTES, page_path)
    send(ops, Sent())
    happen(ops)
    send(ops, Sent("mail"))
    with ops.engine.connect() as connection:
        status = connection.execute(sa.text(query("route_status"))).mappings().all()
    mail, webhook = status
    assert (mail["route"], mail["undelivered"], mail["last_error"]) == ("mail", 1, "mail answers 503")
    assert mail["last_drill_at"] == mail["last_delivered_at"]
    assert (webhook["route"], webhook["undelivered"], webhook["undelivered_since"]) == ("webhook", 0, None)
    assert webhook["last_delivered_at"] > webhook["last_drill_at"]
    assert [row[11] for row in rows(ops, query("undelivered"))] == ["mail"]
