"""The run that an operator requested: how far it is, and what it changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operations.listing import TableColumn
from operations.page import WebPage
from operations.pages.run_tab import LISTING
from operations.view import View


def _load(view: View) -> Mapping[str, Any]:
    run = f"{view.text('dag_id')}/{view.text('run_id')}"
    found = view.rows("run_summary", run=run)
    return {
        "run": found[0] if found else None,
        "change_columns": CHANGES,
        "changes": view.rows("run_changes", run=run),
        "dag_id": view.text("dag_id"),
        "run_id": view.text("run_id"),
    }


CHANGES = (
    TableColumn("relation", "Table"),
    TableColumn("added", "Added", "number"),
    TableColumn("corrected", "Corrected", "number"),
    TableColumn("withdrawn", "Withdrawn", "number"),
    TableColumn("unchanged", "Unchanged", "number"),
)
PAGE = WebPage(
    name="requested",
    title="Requested run",
    about="How far the run is that was requested, and what it changed.",
    load=_load,
    listing=LISTING,
    in_nav=False,
    subject=("dag_id", "run_id"),
)
