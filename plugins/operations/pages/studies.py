"""Every study, and scope of other sources: what is held of it, and what needs a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operations.listing import Filter, PageTable, TableColumn
from operations.page import WebPage, address
from operations.rendering import of_airflow
from operations.view import View

#: What the reader may look for.
PROBLEMS = ("any problem", "failed", "on hold", "quarantined rows", "not loaded")
FILTERS = (
    Filter("search", "Search"),
    Filter("source", "Source", "source_names"),
    Filter("state", "State", ("current", "withdrawn", "new")),
    Filter("problem", "Problem", PROBLEMS),
)
EMPTY = "No study was decided on yet: trigger the DAG of a source, its first run loads the newest release."


def of_scope(row: Mapping[str, Any]) -> str:
    """Address of the page of a row's scope."""
    return address("study", source=row["source"], scope=row["scope"])


def of_run(row: Mapping[str, Any]) -> str | None:
    """Address of the run of a row in Airflow."""
    dag_id, _, run_id = (row["run_id"] or "").partition("/")
    return of_airflow(dag_id, run_id) if run_id else None


def of_quarantine(row: Mapping[str, Any]) -> str | None:
    """Address of the quarantined rows of a row's scope, where it has any."""
    return address("quarantine", source=row["source"], scope=row["scope"]) if row["quarantined"] else None


def _load(view: View) -> Mapping[str, Any]:
    return {"chosen": {item.name: view.text(item.name) for item in FILTERS}}


LISTING = PageTable(
    query="studies",
    columns=(
        TableColumn("scope", "Study", link=of_scope),
        TableColumn("source", "Source"),
        TableColumn("state", "State", "state"),
        TableColumn("release_version", "Release"),
        TableColumn("loaded_at", "Loaded", "time"),
        TableColumn("outcome", "Last run", "state", link=of_run),
        TableColumn("decided_at", "Decided", "time"),
        TableColumn("reason", "Why"),
        TableColumn("quarantined", "Quarantined", "number", link=of_quarantine),
    ),
    order="urgency",
    key=("source", "urgency", "scope"),
    filters=FILTERS,
    empty=EMPTY,
    hidden=("urgency", "run_id"),
    is_read_whole=True,
)
PAGE = WebPage(
    name="studies",
    title="Studies",
    about="Every study, gene list and vocabulary: what the warehouse holds of it, how its last run ended.",
    load=_load,
    listing=LISTING,
)
