"""What needs a person: one line for each cause, which leaves the list when a later run proves it mended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.quality.meanings import meaning
from operations.actions.declared import ACTIONS
from operations.advice import KINDS, advise
from operations.listing import Filter, PageTable, TableColumn
from operations.page import WebPage, address
from operations.rendering import of_airflow
from operations.view import View

#: Kind of a cause -> the action that may mend it.
_ACTIONS = {
    "failed": "retry",
    "release": "retry",
    "hold": "retry",
    "withdrawal": "approve-withdrawals",
    "quarantine": "replay",
}


def _load(view: View) -> Mapping[str, Any]:
    return {"show": view.text("show") or "open", "kinds": KINDS}


def _scope(row: Mapping[str, Any]) -> str | None:
    """Where the scopes of a cause are: one on its own page."""
    if row["kind"] == "audit" or row["source"] is None:
        return None
    if row["scopes"] == 1:
        return address("study", source=row["source"], scope=row["scope"])
    if row["kind"] in ("withheld", "quarantine"):
        return _rule(row)
    return None


def _rule(row: Mapping[str, Any]) -> str | None:
    """Where a cause is shown whole."""
    if row["kind"] in ("withheld", "quarantine"):
        endpoint, _, check_id = row["cause"].partition(": ")
        return address("quality/rule", check_id=check_id, endpoint=endpoint, source=row["source"])
    if row["kind"] in ("key", "circuit"):
        return address("sources")
    if row["kind"] == "release":
        return address("releases", source=row["source"])
    return None


def _run(row: Mapping[str, Any]) -> str | None:
    """The last run that met it."""
    dag_id, slash, run_id = (row["run_id"] or "").partition("/")
    return of_airflow(dag_id, run_id) if slash else None


def _cause(row: Mapping[str, Any]) -> str:
    """The cause in words; of a check, what it looks for."""
    if row["kind"] in ("withheld", "quarantine"):
        endpoint, _, check_id = row["cause"].partition(": ")
        return f"{endpoint}: {meaning(check_id, '')} ({check_id})"
    return str(row["cause"])


def _kind(row: Mapping[str, Any]) -> str:
    return KINDS[row["kind"]].title


def _to_do(row: Mapping[str, Any]) -> str:
    return advise(row["kind"], row["cause"]).to_do


def _act(row: Mapping[str, Any]) -> str | None:
    """What an operator can request for the scopes of a cause."""
    action = _ACTIONS.get(row["kind"])
    return ACTIONS[action].title if action and row["named"] and not row["mended_at"] else None


def _request(row: Mapping[str, Any]) -> str:
    name = _ACTIONS[row["kind"]]
    return address(f"actions/{name}", source=row["source"], scope=row["named"])


def _entry(row: Mapping[str, Any]) -> str:
    return advise(row["kind"], row["cause"]).entry


PAGE = WebPage(
    name="failures",
    title="Failures",
    about="What needs a person, one line for each cause. A line leaves when a later run proves it mended.",
    load=_load,
    listing=PageTable(
        query="failures",
        columns=(
            TableColumn("kind", "What", made_of=_kind),
            TableColumn("reason", "Cause", made_of=_cause, link=_rule),
            TableColumn("scopes", "Scopes", "number"),
            TableColumn("scope_names", "Which", link=_scope),
            TableColumn("runs", "Runs", "number", link=_run),
            TableColumn("first_seen", "First seen", "time"),
            TableColumn("last_seen", "Last seen", "time"),
            TableColumn("mended_at", "Mended", "time"),
            TableColumn("to_do", "What to do", made_of=_to_do),
            TableColumn("act", "Act", made_of=_act, link=_request),
            TableColumn("entry", "More in", "code", made_of=_entry),
        ),
        order="urgency",
        key=("pattern", "source", "state"),
        filters=(
            Filter("search", "Search"),
            Filter("kind", "What", tuple(KINDS)),
            Filter("source", "Source", "source_names"),
            Filter("show", "Show", ("open", "mended", "all")),
        ),
        empty="Nothing needs a person. What was mended is under Show: mended.",
        hidden=("kind", "cause", "scope", "run_id", "named"),
        is_short=True,
    ),
)
