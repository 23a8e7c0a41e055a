"""One study, or scope of another source: its releases, and where the rows of each went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from immport_provider.links import STUDY_PAGE
from include.sources.immport.source import IMMPORT
from include.warehouse.model.registry import SOURCES
from operations import row_ledger
from operations.actions.offers import offers
from operations.listing import TableColumn
from operations.page import WebPage, address
from operations.pages.studies import of_run
from operations.rendering import of_airflow
from operations.view import NothingThereError, View

#: Tables whose rows are drawn; those of all others are added up.
_DRAWN = 6
#: What the last decision says of a load that has not ended.
_DECIDED = {"keep": "keep", "hold": "hold", "plan": "plan"}


def _load(view: View) -> Mapping[str, Any]:
    source, scope = view.text("source"), view.text("scope")
    if source not in SOURCES:
        raise NothingThereError(source)
    about = view.row("study_scope", source=source, scope=scope)
    loads = view.rows("study_loads", source=source, scope=scope)
    chosen = _chosen(view, loads)
    return {
        "about": about,
        "outcome": _outcome(about),
        "explanation": _explanation(about),
        "source": SOURCES[source].source,
        "at_source": STUDY_PAGE.format(study=quote(scope)) if source == IMMPORT.name else None,
        "events": _events(loads, view.rows("study_holds", source=source, scope=scope)),
        "event_columns": EVENTS,
        "volume": _volume(view.rows("study_volume", source=source, scope=scope)),
        "load": chosen,
        "offered": offers(view, source, [scope]),
        **(_of_load(view, source, scope, chosen) if chosen else {}),
    }


def _of_load(view: View, source: str, scope: str, load: Mapping[str, Any]) -> dict[str, Any]:
    """What a load did, checked and moved."""
    number, checked_as = load["load_id"], load["checked_as"]
    changes = view.rows("study_changes", load=number)
    endpoints = view.rows("study_endpoints", load=number, checked_as=checked_as)
    every = view.text("checks") == "all"
    counts = view.rows("study_check_counts", checked_as=checked_as)
    rejected = view.rows("study_quarantine", checked_as=checked_as)
    return {
        "changes": [row for row in changes if any(row[name] for name in _COUNTS)],
        "change_columns": CHANGES,
        "accounts": row_ledger.accounts(source, endpoints, changes, load["state"]),
        "expected": [row for row in endpoints if row["rows_expected"] is not None or row["note"]],
        "expected_columns": EXPECTED,
        "check_counts": counts,
        "checks": sum(row["checks"] for row in counts),
        "failed_checks": sum(row["failed"] for row in counts),
        "every": every,
        "results": view.rows("study_checks", checked_as=checked_as, every=every),
        "check_columns": CHECKS,
        "rejected": [{**row, "source": source, "scope": scope} for row in rejected],
        "rejected_columns": REJECTED,
        "drift": view.rows("study_drift", load=number),
        "drift_columns": DRIFT,
        "steps": view.rows("study_steps", source=source, scope=scope, load=number),
        "step_columns": STEPS,
        "package": view.rows("study_package", load=number) if load["route"] == "package" else [],
        "package_columns": PACKAGE,
    }


def _chosen(view: View, loads: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The load that the address names by its number or release; without either, that of the newest release.

    Of several of a release, the one that the star shows, or else the newest.

    :raises NothingThereError: the scope has no such load.
    """
    number, release = view.text("load"), view.text("release")
    if number:
        named = [row for row in loads if str(row["load_id"]) == number]
    elif release:
        named = [row for row in loads if row["release_version"] == release]
    else:
        newest = loads[0]["release_key"] if loads else None
        named = [row for row in loads if row["release_key"] == newest]
    if not named and (number or release):
        raise NothingThereError("load")
    named.sort(key=lambda row: row["kind"] is None)
    return named[0] if named else None


def _outcome(about: Mapping[str, Any]) -> str | None:
    """How the last run that decided about a scope ended for it."""
    action, state = about["action"], about["load_state"]
    if action is None or action in _DECIDED:
        return action
    if state == "published":
        return "withdrawn" if action == "withdraw" else "published"
    if state in ("failed", "retracted") or about["run_state"] == "running":
        return str(state or "planned")
    return "failed"


def _explanation(about: Mapping[str, Any]) -> str | None:
    text = about["error"] if about["load_state"] == "failed" else about["reason"]
    return text or about["state_reason"]


def _events(
    loads: Sequence[Mapping[str, Any]], holds: Sequence[Mapping[str, Any]]
) -> Sequence[Mapping[str, Any]]:
    """Everything that happened to a scope, the newest first."""
    blank = dict.fromkeys([item.name for item in EVENTS])
    found = [{**blank, **row, "what": what_of(row), "why": _why(row), "by": _by(row)} for row in loads]
    for row in holds:
        times = f" (in {row['runs']} runs, first {row['first_at']:%Y-%m-%d})" if row["runs"] > 1 else ""
        held = {"what": "hold", "why": f"{row['reason']}{times}", "by": _by(row)}
        found.append({**blank, "load_id": None, **row, **held})
    return sorted(found, key=_when, reverse=True)


def _when(row: Mapping[str, Any]) -> datetime:
    when: datetime = row["happened_at"]
    return when


def what_of(load: Mapping[str, Any]) -> str:
    """What came of a load, in a word."""
    if load["state"] != "published":
        return str(load["state"])
    if load["kind"] == "withdrawn":
        return "withdrawn"
    if load["kind"] is None:
        return "superseded"
    return "unchanged" if load["same_as"] else "published"


def _why(load: Mapping[str, Any]) -> str | None:
    what = what_of(load)
    if what in ("failed", "retracted"):
        return load["error"] or "was not finished"
    if what == "withdrawn":
        return load["withdrawn_because"] or load["reason"]
    if what == "superseded":
        return "a later load of the same release replaced it"
    same = f"the source sent what it had sent at {load['same_as']}" if what == "unchanged" else None
    quarantined = f"{load['quarantined']:,} rows quarantined" if load["quarantined"] else None
    return "; ".join(text for text in (load["reason"], same, quarantined) if text) or None


def _by(row: Mapping[str, Any]) -> str:
    """Who started the run: its schedule, or a person."""
    _, _, run_id = (row["run_id"] or "").partition("/")
    if run_id.startswith("manual__"):
        return "a person"
    return (
        "schedule" if run_id.startswith(("scheduled__", "asset_triggered__")) else run_id.partition("__")[0]
    )


def _volume(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Rows by release: one series for each of the largest facts, one for all others."""
    rows = [row for row in rows if row["relation"].startswith("fact_")] or rows
    releases = list(dict.fromkeys(row["release_version"] for row in rows))
    tables: dict[str, dict[str, int]] = {}
    for row in rows:
        tables.setdefault(row["relation"], {})[row["release_version"]] = int(row["row_count"])
    largest = sorted(tables, key=lambda name: -max(tables[name].values()))[:_DRAWN]
    drawn = {name: [tables[name].get(release, 0) for release in releases] for name in largest}
    others = [name for name in tables if name not in largest]
    if others:
        label = f"{len(others)} others"
        drawn[label] = [sum(tables[name].get(release, 0) for name in others) for release in releases]
    return {
        "labels": releases,
        "series": [{"name": name, "values": values} for name, values in drawn.items()],
    }


def _at_load(row: Mapping[str, Any]) -> str | None:
    if row["load_id"] is None:
        return None
    return address("study", source=row["source"], scope=row["scope"], load=row["load_id"])


def _log(row: Mapping[str, Any]) -> str | None:
    if row["task_id"] is None:
        return None
    dag_id, _, run_id = row["run_id"].partition("/")
    return of_airflow(dag_id, run_id, row["task_id"], row["map_index"])


def _quarantined(row: Mapping[str, Any]) -> str:
    return address("quarantine", source=row["source"], scope=row["scope"], rule=row["rule"])


_COUNTS = ("added", "corrected", "withdrawn", "unchanged")
_CHANGED = tuple(TableColumn(name, name.capitalize(), "number") for name in _COUNTS)
EVENTS = (
    TableColumn("happened_at", "When", "time"),
    TableColumn("release_version", "Release", link=_at_load),
    TableColumn("what", "What", "state"),
    TableColumn("why", "Why"),
    *_CHANGED,
    TableColumn("by", "Started by", link=of_run),
)
CHANGES = (TableColumn("relation", "Table"), *_CHANGED)
EXPECTED = (
    TableColumn("endpoint", "Endpoint"),
    TableColumn("rows_received", "Received", "number"),
    TableColumn("rows_expected", "Expected", "number"),
    TableColumn("expected_from", "Counted by"),
    TableColumn("pieces", "Parts", "number"),
    TableColumn("note", "Note"),
)
CHECKS = (
    TableColumn("outcome", "Outcome", "state"),
    TableColumn("severity", "Severity"),
    TableColumn("endpoint", "Endpoint"),
    TableColumn("check_id", "Check", "code"),
    TableColumn("unexpected_rows", "Rows", "number"),
    TableColumn("detail", "What was found"),
)
REJECTED = (
    TableColumn("endpoint", "Endpoint"),
    TableColumn("rule", "Rule", "code", link=_quarantined),
    TableColumn("field", "Field of values"),
    TableColumn("row_count", "Rows", "number"),
)
DRIFT = (
    TableColumn("endpoint", "Endpoint"),
    TableColumn("field", "Key", "code"),
    TableColumn("kind", "Is"),
    TableColumn("rows", "In rows", "number"),
)
STEPS = (
    TableColumn("step", "Step", link=_log),
    TableColumn("state", "State", "state"),
    TableColumn("started_at", "Started", "time"),
    TableColumn("seconds", "Took", "seconds"),
    TableColumn("row_count", "Rows", "number"),
    TableColumn("try_number", "Try", "number"),
    TableColumn("message", "What happened"),
)
PACKAGE = (
    TableColumn("table_name", "Table of the package", "code"),
    TableColumn("row_count", "Rows", "number"),
    TableColumn("read_for", "Read for"),
    TableColumn("conflicts", "Keys with different rows", "number"),
)
PAGE = WebPage(
    name="study",
    title="Study",
    about="What happened to it at each release, and where its rows went.",
    load=_load,
    in_nav=False,
    subject=("source", "scope"),
)
