"""Whether the warehouse is well, by declared rules: for monitors, without the name of any study.

A source is judged by the same rules, on what of the state concerns it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from include.pipeline.circuit_breaker import OPENINGS
from include.sources.fetched.fetched_source import FetchedSource
from include.telemetry.state import SourceState, WarehouseState, read_state
from include.warehouse.model.registry import SOURCES

OK, DEGRADED, FAILED = "ok", "degraded", "failed"

#: A key that expires within this time makes the warehouse degraded.
KEY_NOTICE = timedelta(days=7)
#: A source that was not loaded with success for this long is overdue: two of its runs are missing.
DAILY, WEEKLY = timedelta(days=2), timedelta(days=15)

#: What a rule found: the source, host or DAG it concerns, and how many, as far as they apply.
Finding = dict[str, Any]


#: What rules are about: a warehouse, or what is known of one source.
StateT = TypeVar("StateT")


@dataclass(frozen=True)
class Rule(Generic[StateT]):
    """A rule that makes a warehouse, or a source, degraded or failed.

    :param name: stable name.
    :param state: state of a warehouse that breaks it.
    :param meaning: what is wrong then, in words.
    :param find: what breaks it, of a state at a moment.
    """

    name: str
    state: str
    meaning: str
    find: Callable[[StateT, datetime], Iterator[Finding]]


def overdue_after(source: str) -> timedelta:
    """How long a source may be without a run that ended well."""
    declared = SOURCES[source].source if source in SOURCES else None
    # The last field of cron is the day of the week: a star for every day.
    is_weekly = isinstance(declared, FetchedSource) and not (declared.schedule or "").endswith("*")
    return WEEKLY if is_weekly else DAILY


def _revision(state: WarehouseState, _: datetime) -> Iterator[Finding]:
    if not state.is_current:
        yield {"present": state.revision, "expected": state.expected}


def _empty(state: WarehouseState, _: datetime) -> Iterator[Finding]:
    if state.is_current and not any(item.scopes.get("current") for item in state.sources.values()):
        yield {}


def _key_expired(state: WarehouseState, now: datetime) -> Iterator[Finding]:
    if state.key_expires_at is not None and state.key_expires_at <= now:
        yield {"expired_at": _text(state.key_expires_at)}


def _key_expires(state: WarehouseState, now: datetime) -> Iterator[Finding]:
    if state.key_expires_at is not None and now < state.key_expires_at <= now + KEY_NOTICE:
        yield {"expires_at": _text(state.key_expires_at)}


def _key_refused(state: WarehouseState, _: datetime) -> Iterator[Finding]:
    # Endpoints that need no key are answered all the same: those count that were refused once.
    keyed = [(item, item.refused_at) for item in state.calls if item.refused_at is not None]
    for host in sorted({item.host for item, _ in keyed}):
        refused = max(at for item, at in keyed if item.host == host)
        answered = (item.answered_at for item, _ in keyed if item.host == host)
        if all(at is None or at < refused for at in answered):
            yield {"host": host}


def _service_down(state: WarehouseState, _: datetime) -> Iterator[Finding]:
    for item in state.circuits:
        if item.state != "closed" and item.openings >= OPENINGS:
            yield {"host": item.host}


def _circuit_open(state: WarehouseState, _: datetime) -> Iterator[Finding]:
    for item in state.circuits:
        if item.state != "closed" and item.openings < OPENINGS:
            yield {"host": item.host}


def _audit(state: WarehouseState, _: datetime) -> Iterator[Finding]:
    if state.audit_findings:
        yield {"count": state.audit_findings}


def _overdue(state: WarehouseState, now: datetime) -> Iterator[Finding]:
    for name, item in state.sources.items():
        if item.succeeded_at is None or now - item.succeeded_at > overdue_after(name):
            yield {"source": name}


def _run_failed(state: WarehouseState, _: datetime) -> Iterator[Finding]:
    for dag_id, run in state.runs.items():
        if run.state in ("failed", "partial"):
            yield {"dag_id": dag_id, "run_state": run.state}


def _load_failed(state: WarehouseState, _: datetime) -> Iterator[Finding]:
    for name, item in state.sources.items():
        if item.failures:
            yield {"source": name, "count": item.failures}


def _held(state: WarehouseState, _: datetime) -> Iterator[Finding]:
    for name, item in state.sources.items():
        if item.held:
            yield {"source": name, "count": item.held}


def _release_waits(state: WarehouseState, _: datetime) -> Iterator[Finding]:
    for name, item in state.sources.items():
        if is_behind(name, item):
            yield {"source": name, "available": item.available, "loaded": item.loaded}


def is_behind(name: str, item: SourceState) -> bool:
    """Whether a source offers a release newer than all that was loaded; never one without releases."""
    if name not in SOURCES or SOURCES[name].source.is_dated_by_fetch or item.available is None:
        return False
    line = SOURCES[name].source.line
    return item.loaded is None or line.parse(item.available).key > line.parse(item.loaded).key


#: All rules, the gravest first.
RULES: tuple[Rule[WarehouseState], ...] = (
    Rule("revision", FAILED, "the warehouse is not at the schema revision of this code", _revision),
    Rule("empty", FAILED, "nothing has been published yet", _empty),
    Rule("key_expired", FAILED, "the API key has expired", _key_expired),
    Rule("key_refused", FAILED, "the source does not accept the credentials", _key_refused),
    Rule("service_down", FAILED, "the circuit of a host opened several times in a row", _service_down),
    Rule("audit", FAILED, "the newest audit found rows that break a critical check", _audit),
    Rule("overdue", DEGRADED, "no run of a source ended well in the time of two of its runs", _overdue),
    Rule("run_failed", DEGRADED, "the newest run of a DAG failed, or did a part of its work", _run_failed),
    Rule("load_failed", DEGRADED, "the newest load of a scope failed", _load_failed),
    Rule("held", DEGRADED, "the newest run holds work that waits for a person or a later run", _held),
    Rule("release_waits", DEGRADED, "a newer release is available than any that was loaded", _release_waits),
    Rule("key_expires", DEGRADED, f"the API key expires within {KEY_NOTICE.days} days", _key_expires),
    Rule("circuit_open", DEGRADED, "a host failed several times: no request is sent for now", _circuit_open),
)


def health(connection: sa.Connection, now: datetime | None = None) -> dict[str, Any]:
    """The health of a warehouse as JSON has it: state, what is wrong, and what is known of each source.

    `state` is `failed` when a rule of that state is broken, else `degraded` when one of that is, else `ok`.

    :param connection: of a role that reads the schema `monitor`; what it may not see is not counted.
    :param now: the moment it is judged at, UTC.
    """
    return judged(read_state(connection), now or datetime.now(UTC))


def judged(state: WarehouseState, now: datetime) -> dict[str, Any]:
    """The health of a state at a moment."""
    reasons = broken(RULES, state, now)
    return {
        "state": gravest(reasons),
        "checked_at": _text(now),
        "revision": {"present": state.revision, "expected": state.expected},
        "reasons": reasons,
        "sources": {name: _source(state, name, item, now) for name, item in state.sources.items()},
        "key": {
            "expires_at": _text(state.key_expires_at),
            "seconds_left": _seconds(state.key_expires_at, now),
        },
        "runs": {
            dag_id: {
                "state": run.state,
                "started_at": _text(run.started_at),
                "ended_at": _text(run.ended_at),
                "last_success_at": _text(run.succeeded_at),
            }
            for dag_id, run in state.runs.items()
        },
    }


def broken(rules: Sequence[Rule[StateT]], state: StateT, now: datetime) -> list[Finding]:
    """What breaks rules: the name, state and meaning of each, and what it found."""
    return [
        {"rule": rule.name, "state": rule.state, "meaning": rule.meaning, **found}
        for rule in rules
        for found in rule.find(state, now)
    ]


def gravest(reasons: Sequence[Finding]) -> str:
    """The state that broken rules lead to; `ok` without any."""
    states = {item["state"] for item in reasons}
    return next((item for item in (FAILED, DEGRADED) if item in states), OK)


def of_source(
    state: WarehouseState, name: str, dag_id: str, key_expires_at: datetime | None
) -> WarehouseState:
    """What of a state concerns a source: its scopes, runs, calls and the hosts that those went to.

    :param dag_id: the DAG that loads it.
    :param key_expires_at: end of the key of its connection; None where it has none or the end is not known.
    """
    calls = [item for item in state.calls if item.source == name]
    hosts = {item.host for item in calls}
    return replace(
        state,
        sources={key: item for key, item in state.sources.items() if key == name},
        runs={key: item for key, item in state.runs.items() if key == dag_id},
        calls=calls,
        circuits=[item for item in state.circuits if item.host in hosts],
        quarantined=[item for item in state.quarantined if item.source == name],
        key_expires_at=key_expires_at,
        audit_findings=0,
    )


def _source(state: WarehouseState, name: str, item: SourceState, now: datetime) -> dict[str, Any]:
    mine = [found for found in state.quarantined if found.source == name]
    age = None if item.succeeded_at is None else -int(_seconds(item.succeeded_at, now) or 0)
    return {
        "release_loaded": item.loaded,
        "release_available": item.available,
        "last_success_at": _text(item.succeeded_at),
        "age_seconds": age,
        "scopes": dict(item.scopes),
        "failures": item.failures,
        "held": item.held,
        "quarantined_rows": sum(found.row_count for found in mine),
        "quarantined_values": sum(found.value_count for found in mine),
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")


def _seconds(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else round((moment - now).total_seconds())
