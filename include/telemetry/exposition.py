"""The state of the warehouse as Prometheus scrapes it: declared gauges and counters, in its text format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from include.telemetry import health
from include.telemetry.state import CallState, WarehouseState, read_state

#: Media type of the text.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

#: Labels and value of each sample.
Samples = Iterator[tuple[Mapping[str, str], float]]
_STATES = (health.OK, health.DEGRADED, health.FAILED)


@dataclass(frozen=True)
class Series:
    """A metric of the whole warehouse that Prometheus scrapes.

    :param kind: `gauge` or `counter`.
    :param labels: names of its labels.
    :param read: its samples, of a state at a moment.
    """

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str
    read: Callable[[WarehouseState, datetime], Samples]


def _health(state: WarehouseState, now: datetime) -> Samples:
    found = health.judged(state, now)["state"]
    yield from (({"state": name}, float(name == found)) for name in _STATES)


def _broken(state: WarehouseState, now: datetime) -> Samples:
    reasons = [item["rule"] for item in health.judged(state, now)["reasons"]]
    yield from (({"rule": rule.name}, reasons.count(rule.name)) for rule in health.RULES)


def _scopes(state: WarehouseState, _: datetime) -> Samples:
    for source, item in state.sources.items():
        yield from (({"source": source, "state": name}, count) for name, count in item.scopes.items())


def _succeeded(state: WarehouseState, _: datetime) -> Samples:
    for source, item in state.sources.items():
        if item.succeeded_at is not None:
            yield {"source": source}, item.succeeded_at.timestamp()


def _age(state: WarehouseState, now: datetime) -> Samples:
    for source, item in state.sources.items():
        if item.succeeded_at is not None:
            yield {"source": source}, (now - item.succeeded_at).total_seconds()


def _behind(state: WarehouseState, _: datetime) -> Samples:
    for source, item in state.sources.items():
        yield {"source": source}, health.is_behind(source, item)


def _failures(state: WarehouseState, _: datetime) -> Samples:
    yield from (({"source": source}, item.failures) for source, item in state.sources.items())


def _held(state: WarehouseState, _: datetime) -> Samples:
    yield from (({"source": source}, item.held) for source, item in state.sources.items())


def _rows(state: WarehouseState, _: datetime) -> Samples:
    for item in state.quarantined:
        yield {"source": item.source, "endpoint": item.endpoint}, item.row_count


def _values(state: WarehouseState, _: datetime) -> Samples:
    for item in state.quarantined:
        yield {"source": item.source, "endpoint": item.endpoint}, item.value_count


def _key(state: WarehouseState, now: datetime) -> Samples:
    if state.key_expires_at is not None:
        yield {}, (state.key_expires_at - now).total_seconds()


def _runs(state: WarehouseState, _: datetime) -> Samples:
    for dag_id, run in state.runs.items():
        yield {"dag_id": dag_id, "state": run.state}, (run.ended_at or run.started_at).timestamp()


def _circuits(state: WarehouseState, _: datetime) -> Samples:
    yield from (({"host": item.host}, item.state != "closed") for item in state.circuits)


def _audit(state: WarehouseState, _: datetime) -> Samples:
    yield {}, state.audit_findings


def _calls(read: Callable[[CallState], float]) -> Callable[[WarehouseState, datetime], Samples]:
    def samples(state: WarehouseState, _: datetime) -> Samples:
        for item in state.calls:
            yield {"source": item.source, "host": item.host, "endpoint": item.endpoint}, read(item)

    return samples


def _gauge(
    name: str, labels: tuple[str, ...], meaning: str, read: Callable[[WarehouseState, datetime], Samples]
) -> Series:
    return Series(f"immport_{name}", "gauge", labels, meaning, read)


def _call_counter(name: str, meaning: str, read: Callable[[CallState], float]) -> Series:
    labels = ("source", "host", "endpoint")
    return Series(f"immport_call_{name}_total", "counter", labels, meaning, _calls(read))


_SOURCE, _ENDPOINT = ("source",), ("source", "endpoint")
#: All of them, in the order of the text and of the documentation.
SERIES = (
    _gauge("health", ("state",), "1 for the state that the warehouse is in, 0 for the others", _health),
    _gauge("health_rule_broken", ("rule",), "How often a rule of health is broken", _broken),
    _gauge("scopes", ("source", "state"), "Scopes of a source by state: of ImmPort, studies", _scopes),
    _gauge("last_success_timestamp_seconds", _SOURCE, "End of the last run that ended well", _succeeded),
    _gauge("freshness_seconds", _SOURCE, "Time since the end of the last run that ended well", _age),
    _gauge("release_waits", _SOURCE, "1 when a newer release is available than any that was loaded", _behind),
    _gauge("open_failures", _SOURCE, "Scopes whose newest load failed", _failures),
    _gauge("held", _SOURCE, "Scopes that the newest run holds", _held),
    _gauge("quarantined_rows", _ENDPOINT, "Rows quarantined of what is published now", _rows),
    _gauge("quarantined_values", _ENDPOINT, "Values quarantined of rows that are published now", _values),
    _gauge("key_expires_in_seconds", (), "Time until the API key expires, negative afterwards", _key),
    _gauge("last_run_timestamp_seconds", ("dag_id", "state"), "End, or start, of a DAG's newest run", _runs),
    _gauge("circuit_open", ("host",), "1 while no request is sent to a host that failed", _circuits),
    _gauge("audit_findings", (), "Critical checks that found rows in the newest audit", _audit),
    _call_counter("requests", "Requests sent, repeated ones included", lambda item: item.calls),
    _call_counter("retries", "Requests that repeat one that had failed", lambda item: item.retries),
    _call_counter("errors", "Requests without a good answer", lambda item: item.errors),
    _call_counter("refusals", "Of the errors, those that the source decided on", lambda item: item.refusals),
    _call_counter("bytes", "Bytes of the answers as they came", lambda item: item.size),
    _call_counter("seconds", "Time of all calls together", lambda item: item.milliseconds / 1000),
)


def prometheus_text(connection: sa.Connection, now: datetime | None = None) -> str:
    """The state of a warehouse in Prometheus' text format 0.0.4. No label names a study.

    :param connection: of a role that reads the schema `monitor`; what it may not see is not counted.
    :param now: the moment it is judged at, UTC.
    """
    return exposed(read_state(connection), now or datetime.now(UTC))


def exposed(state: WarehouseState, now: datetime) -> str:
    """A state at a moment in that format."""
    lines = []
    for item in SERIES:
        lines += [f"# HELP {item.name} {item.meaning}", f"# TYPE {item.name} {item.kind}"]
        lines += [f"{item.name}{_labels(labels)} {value:.15g}" for labels, value in item.read(state, now)]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    escapes = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
    return "{" + ",".join(f'{name}="{text.translate(escapes)}"' for name, text in labels.items()) + "}"
