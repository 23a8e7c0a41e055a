"""Each release of a source: when it was seen and loaded, and what it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from include.sources.immport.source import IMMPORT
from include.warehouse.model.registry import SOURCES
from operations.listing import Filter, PageTable, TableColumn
from operations.page import WebPage, address
from operations.pages.study import CHANGES
from operations.view import NothingThereError, View

#: Tables that are drawn.
_DRAWN = 10


def source_of(view: View) -> str:
    """The source that the address names; ImmPort where it names none.

    :raises NothingThereError: there is not such a source.
    """
    source = view.text("source") or IMMPORT.name
    if source not in SOURCES:
        raise NothingThereError(source)
    return source


def _load(view: View) -> Mapping[str, Any]:
    source = source_of(view)
    known = view.rows("release_known", source=source)
    release = view.text("release") or (known[0]["release_version"] if known else None)
    shown: dict[str, Any] = {"source": source, "release": release, "before": None, "changes": []}
    names = [row["release_version"] for row in known]
    if release in names:
        place = names.index(release)
        key = known[place]["release_key"]
        shown["before"] = names[place + 1] if place + 1 < len(names) else None
        shown["changes"] = view.rows("release_changes", source=source, after=key - 1, until=key, scope=None)
    return {
        **shown,
        "change_columns": CHANGES,
        "chart": _chart(shown["changes"]),
        "plural": SOURCES[source].source.scope.plural,
        "title": SOURCES[source].source.title,
    }


def _chart(changes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The tables with most changes, of facts where there are any."""
    rows = [row for row in changes if row["relation"].startswith("fact_")] or changes
    kinds = ("added", "corrected", "withdrawn")
    rows = sorted(rows, key=lambda row: -sum(row[kind] for kind in kinds))[:_DRAWN]
    return {
        "labels": [row["relation"].removeprefix("fact_") for row in rows],
        "series": [{"name": kind, "values": [row[kind] for row in rows]} for kind in kinds],
    }


def _of_release(row: Mapping[str, Any]) -> str:
    return address("releases", source=row["source"], release=row["release_version"])


def _of_grid(row: Mapping[str, Any]) -> str:
    return address("studies/grid", source=row["source"], until=row["release_version"])


LISTING = PageTable(
    query="releases",
    columns=(
        TableColumn("release_version", "Release", link=_of_release),
        TableColumn("release_date", "Of", "time"),
        TableColumn("seen_at", "First seen", "time"),
        TableColumn("loaded_at", "Loaded from", "time"),
        TableColumn("last_loaded_at", "to", "time"),
        TableColumn("loaded", "Loaded", "number", link=_of_grid),
        TableColumn("unchanged", "Unchanged", "number"),
        TableColumn("withdrawn", "Withdrawn", "number"),
        TableColumn("failed", "Failed", "number", link=_of_grid),
    ),
    order="-release_key",
    key=("release_key",),
    filters=(Filter("source", "Source", "source_names"), Filter("search", "Search")),
    empty="No release was loaded yet: trigger the DAG of the source.",
    hidden=("release_key", "source"),
)
PAGE = WebPage(
    name="releases",
    title="Releases",
    about="When each release of a source was seen and loaded, and what it changed.",
    load=_load,
    listing=LISTING,
)
