"""What was not published: by rule and value, and the rows themselves as they were received."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.quality.checks import Severity
from include.quality.meanings import meanings
from operations import listing
from operations.listing import Filter, PageTable, TableColumn
from operations.page import WebPage, address
from operations.view import View

_KINDS = ("row", "value")
#: Parameters that choose groups.
_CHOICES = ("kind", "source", "scope", "endpoint", "rule", "field", "value", "loads")


def _load(view: View) -> Mapping[str, Any]:
    chosen: dict[str, object] = {name: view.text(name) or None for name in _CHOICES}
    loads = _loads(view, chosen | {"search": view.text("search") or None, "searched": listing.SEARCHED})
    is_limited = view.text("search") and loads["looked_at"] < loads["every"]
    return {
        "groups": view.rows("quarantine_groups", **chosen, chosen=loads["chosen"]),
        "group_columns": GROUPS,
        "is_filtered": any(chosen.values()),
        "search": loads if is_limited else None,
    }


def _loads(view: View, parameters: Mapping[str, object]) -> Mapping[str, Any]:
    """The loads that are looked at, which of them a search leaves out, and how many rows there are."""
    names = (*_CHOICES, "search", "searched")
    return view.row("quarantine_loads", **{name: parameters[name] for name in names})


def _meaning(row: Mapping[str, Any]) -> str:
    return meanings(row["rule"], Severity.ROW if row["kind"] == "row" else Severity.VALUE)


def _rows(row: Mapping[str, Any]) -> str:
    chosen = ("kind", "source", "rule", "endpoint", "field", "value")
    return address("quarantine", **{name: row[name] for name in chosen})


GROUPS = (
    TableColumn("rule", "Rule", "code", link=_rows),
    TableColumn("meaning", "What breaks it", made_of=_meaning),
    TableColumn("endpoint", "Endpoint"),
    TableColumn("field", "Field"),
    TableColumn("value", "Value", "code"),
    TableColumn("scopes", "Scopes", "number"),
    TableColumn("rows", "Rows", "number", link=_rows),
)
PAGE = WebPage(
    name="quarantine",
    title="Quarantine",
    about="Rows that were not published, and values left out of rows that were, in the newest loads.",
    load=_load,
    listing=PageTable(
        query="quarantine_rows",
        columns=(
            TableColumn(
                "scope",
                "Scope",
                link=lambda row: address("study", source=row["source"], scope=row["scope"]),
            ),
            TableColumn("release_version", "Release"),
            TableColumn("endpoint", "Endpoint"),
            TableColumn("row_number", "Row", "number"),
            TableColumn("rule", "Rule", "code"),
            TableColumn("field", "Field"),
            TableColumn("value", "Value", "code"),
            TableColumn("received", "Row as received, or key of the value's row", "json"),
            TableColumn("quarantined_at", "When", "time"),
        ),
        order="-quarantined_at",
        key=("kind", "number"),
        filters=(
            Filter("search", "Search"),
            Filter("scope", "Scope"),
            Filter("kind", "Kind", _KINDS),
            Filter("rule", "Rule", "quarantine_rules"),
            Filter("endpoint", "Endpoint", "checked_endpoints"),
            Filter("field", "Field"),
            Filter("value", "Value"),
            Filter("source", "Source", "source_names"),
            Filter("loads", "Loads of the scope", ("newest", "all")),
        ),
        empty="Nothing is quarantined: all rows of the newest loads were published with all their values.",
        hidden=("source",),
        counted=10_000,
        given=_loads,
        count="every",
    ),
)
