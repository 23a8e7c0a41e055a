"""Is it healthy, how fresh is it, and what waits for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from immport_provider.dag_names import loading_dag
from include.warehouse.model.registry import SOURCES
from operations.listing import TableColumn
from operations.page import WebPage
from operations.rendering import of_airflow
from operations.view import View

#: Names of sources, as the registry of the warehouse has them.
_SOURCES = list(SOURCES)
_DAGS = [loading_dag(name) for name in _SOURCES]


def _load(view: View) -> Mapping[str, Any]:
    return {
        "sources": view.rows("overview_sources", sources=_SOURCES, dags=_DAGS),
        "states": view.rows("overview_states"),
        "runs": view.rows("overview_runs"),
        "run_columns": RUNS,
        "titles": {name: model.source.title for name, model in SOURCES.items()},
        "plurals": {name: model.source.scope.plural for name, model in SOURCES.items()},
    }


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

PAGE = WebPage(
    name="overview",
    title="Overview",
    about="Whether the warehouse is healthy, how fresh it is, and what waits for a person.",
    load=_load,
)
