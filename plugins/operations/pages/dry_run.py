"""What the dry run of a replay counted: what would now pass, newly be refused, and change in the star."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operations.actions.offers import offers
from operations.listing import Filter, PageTable, TableColumn
from operations.page import WebPage, address
from operations.pages.requested import CHANGES
from operations.view import View

#: What follows once it is counted.
_NEXT = ("replay",)


def _load(view: View) -> Mapping[str, Any]:
    run = f"{view.text('dag_id')}/{view.text('run_id')}"
    found = view.rows("run_summary", run=run)
    sums = view.rows("dry_run_sums", run=run)
    counted = sums[0] if sums else None
    return {
        "run": found[0] if found else None,
        "sums": counted,
        "offered": offers(view, counted["source"], counted["scopes"], _NEXT) if counted else [],
        "rule_columns": RULES,
        "rules": view.rows("dry_run_rules", run=run),
        "change_columns": CHANGES,
        "changes": view.rows("dry_run_changes", run=run),
        "dag_id": view.text("dag_id"),
        "run_id": view.text("run_id"),
    }


def _scope(row: Mapping[str, Any]) -> str:
    return address("study", source=row["source"], scope=row["scope"])


def _rule(row: Mapping[str, Any]) -> str:
    return address("quality/rule", check_id=row["rule"], endpoint=row["endpoint"], source=row["source"])


RULES = (
    TableColumn("scope", "Scope", link=_scope),
    TableColumn("release_version", "Release"),
    TableColumn("endpoint", "Endpoint"),
    TableColumn("rule", "Rule", "code", link=_rule),
    TableColumn("kind", "Kind"),
    TableColumn("earlier", "In quarantine", "number"),
    TableColumn("now", "By the dry run", "number"),
    TableColumn("passed", "Would now pass", "number"),
    TableColumn("refused", "Newly refused", "number"),
)
PAGE = WebPage(
    name="dry-run",
    title="Dry run of a replay",
    about="What loading again from the landing zone would let through and change; nothing was published.",
    load=_load,
    listing=PageTable(
        query="dry_run_scopes",
        columns=(
            TableColumn("scope", "Scope", link=_scope),
            TableColumn("release_version", "Release"),
            TableColumn("state", "Would end as", "state"),
            TableColumn("rows_earlier", "Rows in quarantine", "number"),
            TableColumn("rows_now", "By the dry run", "number"),
            TableColumn("rows_passed", "Would now pass", "number"),
            TableColumn("rows_refused", "Newly refused", "number"),
            TableColumn("values_earlier", "Values in quarantine", "number"),
            TableColumn("values_passed", "Values that would pass", "number"),
            TableColumn("added", "Added", "number"),
            TableColumn("corrected", "Corrected", "number"),
            TableColumn("withdrawn", "Withdrawn", "number"),
            TableColumn("reason", "Why"),
        ),
        order="urgency",
        key=("source", "scope", "release_key"),
        filters=(
            Filter("search", "Search"),
            Filter("state", "Would end as", ("published", "unchanged", "failed", "on hold", "planned")),
        ),
        empty="Nothing is planned yet: the first task of the run is at work, or failed. Its log says which.",
        hidden=("urgency",),
    ),
    in_nav=False,
    subject=("dag_id", "run_id"),
)
