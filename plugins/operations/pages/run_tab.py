"""What one run did for each study, or scope of another source: a tab of Airflow's page of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from immport_provider.dag_names import DRY_RUN
from operations.actions.offers import offers
from operations.listing import Filter, PageTable, TableColumn
from operations.page import WebPage, address
from operations.rendering import of_airflow
from operations.view import View


def _load(view: View) -> Mapping[str, Any]:
    run = f"{view.text('dag_id')}/{view.text('run_id')}"
    found = view.rows("run_summary", run=run)
    waiting = view.rows("run_waiting", run=run)
    is_dry_run = view.text("dag_id") == DRY_RUN
    return {
        "run": found[0] if found else None,
        "dry_run": address("dry-run", dag_id=DRY_RUN, run_id=view.text("run_id")) if is_dry_run else None,
        "counts": view.rows("run_outcomes", run=run),
        "offered": offers(view, waiting[0]["source"], [row["scope"] for row in waiting]) if waiting else [],
    }


def _scope(row: Mapping[str, Any]) -> str:
    return address("study", source=row["source"], scope=row["scope"])


def _log(row: Mapping[str, Any]) -> str | None:
    """The task that worked on it last, where that is known."""
    if row["task_id"] is None:
        return None
    dag_id, _, run_id = row["run_id"].partition("/")
    return of_airflow(dag_id, run_id, row["task_id"], row["map_index"])


LISTING = PageTable(
    query="run_scopes",
    columns=(
        TableColumn("scope", "Study", link=_scope),
        TableColumn("outcome", "Outcome", "state"),
        TableColumn("reason", "Reason"),
        TableColumn("extracted", "Extracted", "number"),
        TableColumn("staged", "Staged", "number"),
        TableColumn("published", "Written", "number"),
        TableColumn(
            "quarantined",
            "Quarantined",
            "number",
            link=lambda row: row["quarantined"] and address("quarantine", scope=row["scope"]),
        ),
        TableColumn("step", "Log", link=_log),
    ),
    order="urgency",
    key=("source", "scope", "release_version"),
    filters=(Filter("search", "Search"), Filter("outcome", "Outcome", "run_outcome_names")),
    empty="The run has decided nothing yet: its first task is at work, or failed. Its log says which.",
    hidden=("urgency", "run_id", "task_id", "map_index"),
)
PAGE = WebPage(
    name="tabs/run",
    title="Studies",
    about="What this run did for each study.",
    load=_load,
    listing=LISTING,
    in_nav=False,
    tab="dag_run",
    subject=("dag_id", "run_id"),
)
