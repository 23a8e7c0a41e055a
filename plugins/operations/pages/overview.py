"""Is it healthy, how fresh is it, what did the last releases change, and what waits for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from immport_provider.dag_names import loading_dag
from include.alerts.declared import ALERT_TYPES
from include.sources.immport.source import IMMPORT
from include.telemetry.health import judged
from include.telemetry.state import WarehouseState, read_state
from include.warehouse.model.registry import SOURCES
from operations.listing import TableColumn
from operations.page import WebPage
from operations.rendering import of_airflow
from operations.schedules import schedules
from operations.view import View

#: Releases, and weeks of runs, that the charts go back.
_RELEASES, _DAYS = 12, 30
#: Most findings that the page lists; the page of failures has all.
_FINDINGS = 15
_ALERTS = {item.name: item for item in ALERT_TYPES}


def _load(view: View) -> Mapping[str, Any]:
    now = datetime.now(UTC)
    state = read_state(view.connection)
    found = view.rows("overview_alerts", most=_FINDINGS)
    return {
        "health": judged(state, now),
        "sources": _sources(state, now),
        "findings": [{**row, "title": _title(row["alert_type"])} for row in found],
        "more_findings": len(found) == _FINDINGS,
        "key_expires_at": state.key_expires_at,
        "key_left": state.key_expires_at and state.key_expires_at - now,
        "deliveries": view.rows("overview_deliveries"),
        "delivery_columns": DELIVERIES,
        "runs": view.rows("overview_runs"),
        "run_columns": RUNS,
        "releases": _releases(view),
        "throughput": _throughput(view),
        "volume": view.rows("overview_volume"),
    }


def _title(name: str) -> str:
    return _ALERTS[name].title if name in _ALERTS else name.replace("_", " ")


def _sources(state: WarehouseState, now: datetime) -> list[dict[str, Any]]:
    """Each source of the registry with its newest release, its freshness and its next run."""
    planned = schedules([loading_dag(name) for name in SOURCES])
    shown = []
    for name, model in SOURCES.items():
        found, dag_id = state.sources.get(name), loading_dag(name)
        shown.append(
            {
                "name": name,
                "title": model.source.title,
                "plural": model.source.scope.plural,
                "dag_id": dag_id,
                "state": found,
                "run": state.runs.get(dag_id),
                "age": found and found.succeeded_at and now - found.succeeded_at,
                "schedule": planned.get(dag_id),
                "is_behind": bool(found and found.available and found.available != found.loaded),
            }
        )
    return shown


def _releases(view: View) -> Mapping[str, Any]:
    rows = list(reversed(view.rows("overview_releases", source=IMMPORT.name, most=_RELEASES)))
    names = ("added", "corrected", "withdrawn", "quarantined", "failed_checks", "scopes", "days_after")
    return {"labels": [row["release_version"] for row in rows]} | {
        name: [row[name] for row in rows] for name in names
    }


def _throughput(view: View) -> Mapping[str, Any]:
    rows = view.rows("overview_throughput", days=_DAYS)
    labels = sorted({row["on_day"] for row in rows})
    by_step: dict[str, dict[Any, Any]] = {}
    for row in rows:
        by_step.setdefault(row["step"], {})[row["on_day"]] = row["rows_per_second"]
    return {"labels": [day.isoformat() for day in labels], "series": _series(by_step, labels)}


def _series(by_name: Mapping[str, Mapping[Any, Any]], labels: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, "values": [values.get(label) for label in labels]} for name, values in by_name.items()
    ]


def _run(row: Mapping[str, Any]) -> str:
    return of_airflow(row["dag_id"], row["run_id"].partition("/")[2])


RUNS = (
    TableColumn("dag_id", "DAG", link=lambda row: of_airflow(row["dag_id"])),
    TableColumn("started_at", "Started", "time", link=_run),
    TableColumn("state", "State", "state"),
    TableColumn("seconds", "Took", "seconds"),
    TableColumn("newest_release", "Release"),
    TableColumn("note", "Note"),
)
DELIVERIES = (
    TableColumn("route", "Route"),
    TableColumn("last_delivered_at", "Last proven delivery", "time"),
    TableColumn("undelivered", "Undelivered", "number"),
    TableColumn("last_error", "Last error"),
)
PAGE = WebPage(
    name="overview",
    title="Overview",
    about="Whether the warehouse is healthy, how fresh it is, and what waits for a person.",
    load=_load,
)
