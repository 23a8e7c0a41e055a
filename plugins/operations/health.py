"""Whether a source is well: rules with their reasons, the first that applies decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from operations.schedules import Schedule

#: From so long before the end of a key on, it is to be renewed.
NOTICE = timedelta(days=7)
#: A run that is so long due was not begun.
LATE = timedelta(hours=1)


@dataclass(frozen=True)
class SourceFacts:
    """What is known of a source.

    :param last: its last run as recorded; state and note may be null.
    :param schedule: null where Airflow does not know its DAG.
    :param open_circuits: hosts of its calls that are not called at the time.
    """

    last: Mapping[str, Any]
    schedule: Schedule | None
    key_expires_at: datetime | None
    open_circuits: Sequence[str]
    now: datetime


@dataclass(frozen=True)
class HealthRule:
    """One rule.

    :param state: the state it leads to.
    :param when: what it applies to, in words.
    :param reason: why a source has that state; None where the rule does not apply.
    """

    state: str
    when: str
    reason: Callable[[SourceFacts], str | None]


def _refused(facts: SourceFacts) -> str | None:
    end = facts.key_expires_at
    return f"the key expired on {_day(end)}" if end and end <= facts.now else None


def _open(facts: SourceFacts) -> str | None:
    return f"no request is sent to {', '.join(facts.open_circuits)}" if facts.open_circuits else None


def _failed(facts: SourceFacts) -> str | None:
    if facts.last["state"] != "failed":
        return None
    return f"the last run failed: {facts.last['note'] or 'see its log'}"


def _unknown(facts: SourceFacts) -> str | None:
    if facts.schedule is None:
        return "Airflow does not know its DAG: it is switched off, or its file cannot be read"
    return None


def _paused(facts: SourceFacts) -> str | None:
    is_paused = facts.schedule is not None and facts.schedule.is_paused
    return "its DAG is paused: switch it on in Airflow" if is_paused else None


def _overdue(facts: SourceFacts) -> str | None:
    due = facts.schedule.next_run if facts.schedule else None
    if due is None or due > facts.now - LATE or facts.last["state"] == "running":
        return None
    return f"a run was due on {due:%Y-%m-%d %H:%M} UTC and has not begun"


def _expiring(facts: SourceFacts) -> str | None:
    end = facts.key_expires_at
    return f"the key expires on {_day(end)}" if end and end <= facts.now + NOTICE else None


def _degraded(facts: SourceFacts) -> str | None:
    return "the last run did a part of its work" if facts.last["state"] == "partial" else None


def _new(facts: SourceFacts) -> str | None:
    return "it has no run yet: trigger its DAG" if facts.last["state"] is None else None


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


RULES = (
    HealthRule("refused", "the key of its connection has expired", _refused),
    HealthRule("open", "the circuit of a host that it calls is open", _open),
    HealthRule("failed", "its last run failed", _failed),
    HealthRule("unknown", "Airflow has no DAG for it", _unknown),
    HealthRule("on hold", "its DAG is paused", _paused),
    HealthRule("overdue", "a run has been due for more than an hour and has not begun", _overdue),
    HealthRule("expiring", "the key of its connection expires within seven days", _expiring),
    HealthRule("degraded", "its last run did a part of its work", _degraded),
    HealthRule("new", "it has no run yet", _new),
)
#: What no rule applies to.
HEALTHY = "healthy"


def health(facts: SourceFacts) -> tuple[str, str]:
    """State of a source, and why."""
    for rule in RULES:
        if reason := rule.reason(facts):
            return rule.state, reason
    return HEALTHY, "no rule of another state applies"
