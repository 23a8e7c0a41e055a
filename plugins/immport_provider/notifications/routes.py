"""The routes of alerts, each declared once: it exists where its Airflow connection does.

What a message says reaches a notifier by the context, never as a template: an error of a source may hold what
Jinja would evaluate. What a notifier raises is not shown: it may quote an address, a token, a recipient.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from immport_provider.hooks.secret_traffic import secret_traffic
from include.alerts.message import AlertMessage, UndeliverableError

if TYPE_CHECKING:
    from airflow.sdk import BaseNotifier, Connection

    from include.alerts.delivery import AlertLinks

#: What a notifier is given as context; its templates name these.
_SUBJECT, _HTML, _KEY, _MESSAGE_ID = (
    "{{ alert.subject }}",
    "{{ alert.html }}",
    "{{ alert.key }}",
    "{{ alert.message_id }}",
)


@dataclass(frozen=True)
class AlertRoute:
    """A way to people.

    :param name: its name in `ops.alert_delivery`.
    :param conn_id: the connection without which it does not exist.
    :param notifier: makes the notifier of one message.
    """

    name: str
    conn_id: str
    notifier: Callable[[str, Connection, AlertMessage], BaseNotifier]


def _webhook(conn_id: str, connection: Connection, message: AlertMessage) -> BaseNotifier:
    from immport_provider.notifications.webhook import WebhookNotifier

    return WebhookNotifier(conn_id=conn_id, fields=message.body(), idempotency_key=message.idempotency_key)


def _mail(conn_id: str, connection: Connection, message: AlertMessage) -> BaseNotifier:
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    extra = connection.extra_dejson
    for name in ("to", "from_email"):
        if not extra.get(name):
            raise UndeliverableError(f"the extra of the connection {conn_id} has no {name}")
    return SmtpNotifier(
        smtp_conn_id=conn_id,
        to=extra["to"],
        from_email=extra["from_email"],
        subject=_SUBJECT,
        html_content=_HTML,
        # A mail that is sent a second time has the same identifier.
        custom_headers={"Message-ID": _MESSAGE_ID, "X-Alert-Event": _KEY},
        auth_type=extra.get("auth_type", "basic"),
    )


def _slack(conn_id: str, connection: Connection, message: AlertMessage) -> BaseNotifier:
    if find_spec("airflow.providers.slack") is None:
        raise UndeliverableError(
            f"there is a connection {conn_id}, but the extra slack of this project is not installed"
        )
    from airflow.providers.slack.notifications.slack_webhook import SlackWebhookNotifier

    return SlackWebhookNotifier(slack_webhook_conn_id=conn_id, text="{{ alert.slack }}")


ROUTES: tuple[AlertRoute, ...] = (
    AlertRoute("webhook", "immport_alerts", _webhook),
    AlertRoute("mail", "immport_alerts_smtp", _mail),
    AlertRoute("slack", "immport_alerts_slack", _slack),
)
_BY_NAME = {route.name: route for route in ROUTES}


def configured() -> list[str]:
    """The routes whose connection exists, by name."""
    return [route.name for route in ROUTES if _connection(route) is not None]


def send(name: str, message: AlertMessage) -> None:
    """Send a message by a route.

    :raises UndeliverableError: it did not take it; the text holds no address and no secret.
    """
    route = _BY_NAME[name]
    connection = _connection(route)
    if connection is None:
        raise UndeliverableError(f"there is no connection {route.conn_id}")
    with _nothing_shown(route):
        notifier = route.notifier(route.conn_id, connection, message)
        context: Any = {"alert": _values(message)}
        # As calling it does, without its log of what went wrong.
        notifier.render_template_fields(context)
        notifier.notify(context)


async def send_async(message: AlertMessage) -> list[str]:
    """Send a message by every route that exists, from an event loop. Returns what went wrong."""
    problems = []
    for route in ROUTES:
        try:
            connection = await BaseHook.aget_connection(route.conn_id)
        except AirflowNotFoundException:
            continue
        try:
            with _nothing_shown(route):
                notifier = route.notifier(route.conn_id, connection, message)
                context: Any = {"alert": _values(message)}
                notifier.render_template_fields(context)
                await notifier.async_notify(context)
        except UndeliverableError as error:
            problems.append(str(error))
    return problems


def links() -> AlertLinks:
    """How a message refers to pages."""
    from immport_provider.page_links import absolute, run_path
    from include.alerts.delivery import AlertLinks

    return AlertLinks(absolute, run_path)


def _connection(route: AlertRoute) -> Connection | None:
    try:
        return BaseHook.get_connection(route.conn_id)
    except AirflowNotFoundException:
        return None


@contextmanager
def _nothing_shown(route: AlertRoute) -> Iterator[None]:
    """Let nothing of an error out but its kind, and the codes of a mail server."""
    try:
        with secret_traffic():
            yield
    except UndeliverableError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a library raises may quote an address
        raise UndeliverableError(f"{route.name} of {route.conn_id} failed ({_kind(error)})") from None


def _kind(error: Exception) -> str:
    """The kind of an error, and the codes that a mail server gave."""
    codes: set[int] = set()
    if isinstance(error, smtplib.SMTPResponseException):
        codes = {error.smtp_code}
    elif isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = {code for code, _ in error.recipients.values()}
    return " ".join([type(error).__name__, *map(str, sorted(codes))])


def _values(message: AlertMessage) -> dict[str, str]:
    """What templates name. A header is one line."""
    return {
        "subject": message.subject,
        "html": message.html(),
        "key": " ".join(message.key.split()),
        "message_id": f"<{message.idempotency_key}@immport-warehouse>",
        "slack": message.text(_plain_in_slack),
    }


def _plain_in_slack(text: str) -> str:
    """Text without the three characters that Slack gives a meaning to."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
