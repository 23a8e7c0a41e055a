"""What one task instance did for each of its studies: a tab of Airflow's page of the task instance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operations.listing import Filter, PageTable, TableColumn
from operations.page import WebPage, address
from operations.view import View


def _load(view: View) -> Mapping[str, Any]:
    """The summary of the run: tasks such as the first and the last work on no study alone."""
    run = f"{view.text('dag_id')}/{view.text('run_id')}"
    found = view.rows("run_summary", run=run)
    return {
        "run": found[0] if found else None,
        "counts": view.rows("run_outcomes", run=run),
        "of_run": address("tabs/run", dag_id=view.text("dag_id"), run_id=view.text("run_id")),
    }


def _study(row: Mapping[str, Any]) -> str:
    return address("study", source=row["source"], scope=row["scope"], load=row["load_id"])


PAGE = WebPage(
    name="tabs/task",
    title="Studies",
    about="What this task did for each study.",
    load=_load,
    listing=PageTable(
        query="task_scopes",
        columns=(
            TableColumn("scope", "Study", link=_study),
            TableColumn("state", "Outcome", "state"),
            TableColumn("step", "Step"),
            TableColumn("row_count", "Rows", "number"),
            TableColumn("seconds", "Took", "seconds"),
            TableColumn("try_number", "Try", "number"),
            TableColumn("message", "What happened"),
        ),
        order="urgency",
        key=("source", "scope", "started_at"),
        filters=(
            Filter("search", "Search"),
            Filter("state", "Outcome", ("done", "failed", "skipped", "superseded", "running")),
        ),
        empty="This task has worked on no study by itself.",
        hidden=("urgency", "load_id"),
    ),
    in_nav=False,
    tab="task_instance",
    subject=("dag_id", "run_id", "task_id", "map_index"),
)
