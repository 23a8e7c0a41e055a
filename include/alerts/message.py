"""The message about an event: for people as text and HTML, for machines as JSON."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

#: Characters of a text, and scopes that it names; the others are counted.
_LONGEST, _NAMED = 3_000, 12


class UndeliverableError(RuntimeError):
    """A route did not take a message; its text names the route and holds no address and no secret."""


@dataclass(frozen=True)
class AlertMessage:
    """What one route sends about one event.

    :param key: identifies the event; a route that gets it twice may drop the second message.
    :param entry: where the runbook describes the type.
    :param link: address of the page that shows it.
    :param run_link: address of the run's page; None for an event of no run.
    :param resolved_at: when its cause was gone, if it was by the time of sending.
    """

    key: str
    alert_type: str
    severity: str
    title: str
    source: str | None
    scopes: tuple[str, ...]
    release: str | None
    run: str | None
    cause: str
    to_do: str
    entry: str
    link: str
    run_link: str | None = None
    resolved_at: datetime | None = None

    @property
    def idempotency_key(self) -> str:
        """The key as a UUID, for what takes no free text."""
        return str(uuid5(NAMESPACE_URL, f"immport-warehouse:{self.key}"))

    @property
    def about(self) -> str:
        """What it is about: source, scopes, release."""
        left = len(self.scopes) - _NAMED
        names = ", ".join(self.scopes[:_NAMED]) + (f" and {left} more" if left > 0 else "")
        return " ".join(filter(None, (self.source, names, self.release)))

    @property
    def subject(self) -> str:
        """One line."""
        about = " ".join((self.about or self.run or "").split())
        return f"[{self.severity}] {self.title}" + (f": {about}" if about else "")

    def lines(self) -> list[tuple[str, str]]:
        """What it says, each with its label."""
        given = (
            ("Cause", self.cause),
            ("What to do", self.to_do),
            ("Runbook", self.entry),
            ("Run", self.run),
            ("Resolved", self.resolved_at and f"{self.resolved_at:%Y-%m-%d %H:%M %Z}"),
            ("Page", self.link),
            ("Page of the run", self.run_link),
        )
        return [(label, value) for label, value in given if value]

    def text(self, escape: Callable[[str], str] = str) -> str:
        """For chats and terminals.

        :param escape: makes a value plain text in what shows it.
        """
        cause = self.cause[:_LONGEST] + ("..." if len(self.cause) > _LONGEST else "")
        rows = [(label, cause if label == "Cause" else value) for label, value in self.lines()]
        return "\n".join([escape(self.subject), *(f"{label}: {escape(value)}" for label, value in rows)])

    def html(self) -> str:
        """For mail; every value is text, whatever it holds."""
        rows = (
            f"<tr><th align='left' valign='top'>{label}</th><td>{html.escape(value)}</td></tr>"
            for label, value in self.lines()
        )
        link = f"<p><a href='{html.escape(self.link)}'>{html.escape(self.title)}</a></p>"
        return f"<h3>{html.escape(self.subject)}</h3><table>{''.join(rows)}</table>{link}"

    def body(self) -> dict[str, Any]:
        """As JSON; `text` is what Slack, Mattermost and Teams show of it."""
        dag_id, _, run_id = (self.run or "").partition("/")
        return {
            "text": self.text(),
            "event": self.key,
            "idempotency_key": self.idempotency_key,
            "type": self.alert_type,
            "severity": self.severity,
            "source": self.source,
            "scopes": list(self.scopes),
            "release": self.release,
            "dag_id": dag_id or None,
            "run_id": run_id or None,
            "cause": self.cause,
            "what_to_do": self.to_do,
            "runbook": self.entry,
            "link": self.link,
            "run_link": self.run_link,
        }
