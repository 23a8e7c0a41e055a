"""Every source of the registry: whether it is well, its runs, calls and key, how answers drift."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from immport_provider.dag_names import loading_dag
from immport_provider.hooks.source_clients import CLIENTS
from include.sources.fetched.fetched_source import FetchedSource
from include.sources.source import Source
from include.telemetry import health
from include.telemetry.health import Finding
from include.telemetry.state import read_state
from include.warehouse.model.registry import SOURCES
from operations.health import RULES, SourceInAirflow
from operations.listing import Filter, PageTable, TableColumn
from operations.page import WebPage, address
from operations.rendering import of_airflow
from operations.schedules import key_expiry, schedules
from operations.view import View

_DAGS = {name: loading_dag(name) for name in SOURCES}
#: What speaks to a source that is not declared to be fetched.
_CLIENT = "immport"
#: Why the end of a key is not known.
_NO_KEY, _NO_END = "its answers need none", "no key, or one without a known end"
#: What a broken rule says it found, as far as the page of a source does not say that elsewhere.
_SHOWN = ("host", "available", "count", "expired_at", "expires_at", "due")
_DRIFT = ("missing", "unknown", "repeated")


def _load(view: View) -> Mapping[str, Any]:
    circuits, calls, state = view.rows("circuits"), view.rows("calls"), read_state(view.connection)
    known, now = schedules(list(_DAGS.values())), datetime.now(UTC)
    keys = {name: key_expiry(CLIENTS[_client(model.source)].connection) for name, model in SOURCES.items()}
    keyless = {name for name, model in SOURCES.items() if _client(model.source) != _CLIENT}
    rows = []
    for row in view.rows("sources", sources=list(_DAGS), dags=list(_DAGS.values())):
        name = row["source"]
        # What the connection says now; else, what it said to the last run.
        expires_at = keys[name] or row["key_expires_at"]
        schedule = known.get(row["dag_id"])
        own = health.of_source(state, name, row["dag_id"], expires_at)
        reasons = SourceInAirflow(own, row["dag_id"], schedule).reasons(now)
        rows.append(
            {
                **row,
                "title": SOURCES[name].source.title,
                "health": health.gravest(reasons),
                "reasons": [_sentence(item, row) for item in reasons],
                "broken": {item["rule"] for item in reasons},
                "expires_at": expires_at,
                "key_note": _NO_KEY if name in keyless else _NO_END,
                "key_life": (expires_at - now) if expires_at and expires_at > now else None,
                "next_run": schedule.next_run if schedule and not schedule.is_paused else None,
            }
        )
    return {
        "sources": rows,
        "run_of": _run,
        "circuits": circuits,
        "circuit_columns": CIRCUITS,
        "calls": calls,
        "call_columns": CALLS,
        "rules": (*health.RULES, *RULES),
    }


def _sentence(reason: Finding, row: Mapping[str, Any]) -> str:
    """What is wrong, with what was found; of a run, with how it says that it ended."""
    found = [str(value) for name, value in reason.items() if name in _SHOWN]
    if reason["rule"] == "run_failed" and row["note"]:
        found.append(row["note"])
    return reason["meaning"] + (f": {', '.join(found)}" if found else "")


def _client(source: Source) -> str:
    return source.client if isinstance(source, FetchedSource) else _CLIENT


def _run(row: Mapping[str, Any]) -> str | None:
    dag_id, slash, run_id = (row["run_id"] or "").partition("/")
    return of_airflow(dag_id, run_id) if slash else None


CIRCUITS = (
    TableColumn("host", "Host"),
    TableColumn("state", "Circuit", "state"),
    TableColumn("failures", "Failures in a row", "number"),
    TableColumn("opened_at", "Opened", "time"),
    TableColumn("error", "Last failure"),
    TableColumn("endpoint", "Endpoint"),
    TableColumn("scope", "Scope"),
)
CALLS = (
    TableColumn("source", "Source"),
    TableColumn("host", "Host"),
    TableColumn("endpoint", "Endpoint"),
    TableColumn("calls", "Calls", "number"),
    TableColumn("retries", "Retries", "number"),
    TableColumn("errors", "Errors", "number"),
    TableColumn("refusals", "Refused", "number"),
    TableColumn("bytes", "Received", "bytes"),
    TableColumn("seconds", "Mean", "seconds"),
    TableColumn("slowest", "Slowest", "seconds"),
    TableColumn("failure", "Last failure"),
)
PAGE = WebPage(
    name="sources",
    title="Sources",
    about="Every source that is declared: whether it is well, its runs, calls and key, how answers drift.",
    load=_load,
    listing=PageTable(
        query="drift",
        columns=(
            TableColumn("source", "Source"),
            TableColumn("endpoint", "Endpoint"),
            TableColumn("field", "Key of the answer", "code"),
            TableColumn("kind", "Drift"),
            TableColumn("scopes", "Scopes", "number"),
            TableColumn("rows", "Rows", "number"),
            TableColumn(
                "scope",
                "Such as",
                link=lambda row: address("study", source=row["source"], scope=row["scope"]),
            ),
        ),
        order="-scopes",
        key=("source", "endpoint", "field", "kind"),
        filters=(
            Filter("search", "Search"),
            Filter("source", "Source", "source_names"),
            Filter("kind", "Drift", _DRIFT),
        ),
        empty="No answer of the newest loads differs from its declaration.",
        is_short=True,
    ),
)
