"""Messages about recorded events: each is sent once by each route, and again only where that is not known.

A delivery is locked while it is sent, so that of two runs at once only one sends it. A process that is killed
between sending and recording leaves it as it was: it is sent again, with the same idempotency key. A message
arrives at least once, then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from typing import Any

import sqlalchemy as sa

from include.alerts.declared import ALERT_TYPE
from include.alerts.events import AlertEvent
from include.alerts.message import AlertMessage, UndeliverableError
from include.warehouse.schema.ops_tables import ALERT, ALERT_DELIVERY

log = logging.getLogger(__name__)

#: How long a message that does not arrive is tried again.
TRIED_FOR = timedelta(days=7)
DELIVERED, DELIVERY_FAILED = "delivered", "failed"


@dataclass(frozen=True)
class AlertLinks:
    """Makes the links of a message.

    :param absolute: the address of a path below Airflow's page.
    :param run_path: the path of a run's page, by its key.
    """

    absolute: Callable[[str], str]
    run_path: Callable[[str], str]


#: Sends a message by a route, named first; raises `UndeliverableError`.
Sender = Callable[[str, AlertMessage], None]


@dataclass
class DeliveryCount:
    """What became of the messages that were due."""

    delivered: int = 0
    failed: int = 0


def deliver(
    engine: sa.Engine, routes: Iterable[str], send: Sender, links: AlertLinks, *, event_key: str | None = None
) -> DeliveryCount:
    """Send every message that is due by the routes that exist, the oldest first.

    :param event_key: only those about this event.
    :raises sqlalchemy.exc.DBAPIError: the warehouse cannot be read or written.
    """
    count = DeliveryCount()
    due = (
        sa.select(ALERT_DELIVERY.c.alert_id, ALERT_DELIVERY.c.route)
        .join(ALERT, ALERT.c.alert_id == ALERT_DELIVERY.c.alert_id)
        .where(
            ALERT_DELIVERY.c.state != DELIVERED,
            ALERT_DELIVERY.c.route.in_(list(routes)),
            ALERT_DELIVERY.c.created_at > sa.func.now() - TRIED_FOR,
            ALERT.c.event_key == event_key if event_key is not None else sa.true(),
        )
        .order_by(ALERT_DELIVERY.c.alert_id, ALERT_DELIVERY.c.route)
    )
    with engine.connect() as connection:
        waiting = connection.execute(due).all()
    for alert_id, route in waiting:
        _deliver_one(engine, alert_id, route, send, links, count)
    return count


def _deliver_one(
    engine: sa.Engine, alert_id: int, route: str, send: Sender, links: AlertLinks, count: DeliveryCount
) -> None:
    mine = (ALERT_DELIVERY.c.alert_id == alert_id) & (ALERT_DELIVERY.c.route == route)
    free = sa.select(ALERT_DELIVERY).where(mine, ALERT_DELIVERY.c.state != DELIVERED)
    with engine.begin() as connection:
        # Another run that sends it just now has the lock; one that has sent it, the state.
        if connection.execute(free.with_for_update(skip_locked=True)).first() is None:
            return
        alert = connection.execute(sa.select(ALERT).where(ALERT.c.alert_id == alert_id)).one()
        state, error = DELIVERED, None
        try:
            send(route, message_of(alert, links))
            count.delivered += 1
        except UndeliverableError as problem:
            state, error = DELIVERY_FAILED, str(problem)
            count.failed += 1
            log.error("an alert was not delivered by %s, it is tried again: %s", route, error)
        connection.execute(
            sa.update(ALERT_DELIVERY)
            .where(mine)
            .values(
                state=state,
                error=error,
                attempts=ALERT_DELIVERY.c.attempts + 1,
                changed_at=sa.func.clock_timestamp(),
            )
        )


def message_of(alert: Any, links: AlertLinks) -> AlertMessage:
    """The message about a row of `ops.alert`."""
    declared = ALERT_TYPE.get(alert.alert_type)
    return AlertMessage(
        alert.event_key,
        alert.alert_type,
        alert.severity,
        declared.title if declared else alert.alert_type,
        alert.source,
        tuple(alert.scopes),
        alert.release_version,
        alert.run_id,
        alert.cause,
        alert.to_do,
        declared.entry if declared else "",
        links.absolute(alert.link),
        links.absolute(links.run_path(alert.run_id)) if alert.run_id else None,
        alert.resolved_at,
    )


def unrecorded_message(event: AlertEvent, link: str, links: AlertLinks) -> AlertMessage:
    """The message about an event that the warehouse does not record.

    :param link: path of the page that shows it.
    """
    declared = event.alert_type
    return AlertMessage(
        event.key,
        declared.name,
        declared.severity.value,
        declared.title,
        event.source,
        event.scopes,
        event.release_version,
        event.run_id,
        event.cause,
        declared.to_do,
        declared.entry,
        links.absolute(link),
        links.absolute(links.run_path(event.run_id)) if event.run_id else None,
    )


def undelivered(engine: sa.Engine, event_key: str) -> dict[str, str | None]:
    """The routes that have not delivered the message about an event, and why."""
    waiting = (
        sa.select(ALERT_DELIVERY.c.route, ALERT_DELIVERY.c.error)
        .join(ALERT, ALERT.c.alert_id == ALERT_DELIVERY.c.alert_id)
        .where(ALERT.c.event_key == event_key, ALERT_DELIVERY.c.state != DELIVERED)
        .order_by(ALERT_DELIVERY.c.route)
    )
    with engine.connect() as connection:
        return {row.route: row.error for row in connection.execute(waiting)}


def query(name: str) -> str:
    """The text of a query for pages: `route_status` or `undelivered`."""
    return files("include.alerts").joinpath(f"queries/{name}.sql").read_text()
