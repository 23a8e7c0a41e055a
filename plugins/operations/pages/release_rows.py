"""Two releases of a source, compared down to the row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.warehouse.model.registry import SOURCES
from operations.listing import Filter, PageTable, TableColumn
from operations.page import WebPage, address
from operations.pages.releases import source_of
from operations.pages.study import CHANGES
from operations.view import NothingThereError, View

CHANGE_KINDS = ("added", "corrected", "withdrawn", "first captured")


def _load(view: View) -> Mapping[str, Any]:
    source, scope, relation = source_of(view), view.text("scope"), view.text("relation")
    model = SOURCES[source]
    tables = [table.relation for table in model.tables]
    known = {row["release_version"]: row["release_key"] for row in view.rows("release_known", source=source)}
    names = list(known)
    old, new = view.text("old"), view.text("new")
    if relation and relation not in tables:
        raise NothingThereError(relation)
    if (old and old not in known) or (new and new not in known):
        raise NothingThereError("release")
    if scope:
        view.row("study_scope", source=source, scope=scope)
    shown: dict[str, Any] = {"changes": [], "problem": None}
    if old and new:
        if known[old] >= known[new]:
            shown["problem"] = f"{old} is not earlier than {new}: name the earlier release first."
        else:
            found = view.rows(
                "release_changes", source=source, after=known[old], until=known[new], scope=scope or None
            )
            given = {"source": source, "old": old, "new": new, "scope": scope}
            shown["changes"] = [{**row, **given} for row in found]
    return {
        **shown,
        "source": source,
        "old": old,
        "new": new,
        "scope": scope,
        "relation": relation,
        "names": names,
        "tables": tables,
        "scope_title": model.source.scope.title,
        "change_columns": _CHANGED,
        "is_shown": bool(old and new and relation) and shown["problem"] is None,
    }


def _rows(row: Mapping[str, Any]) -> str:
    given = {name: row[name] for name in ("source", "old", "new", "scope", "relation")}
    return f"{address('releases/compare', **given)}#rows"


_CHANGED = (TableColumn("relation", "Table", link=_rows), *CHANGES[1:])
LISTING = PageTable(
    query="release_rows",
    columns=(
        TableColumn("scope", "Study"),
        TableColumn("row_key", "Row", "code"),
        TableColumn("change", "Change"),
        TableColumn("column_name", "Column", "code"),
        TableColumn("old_value", "Before"),
        TableColumn("new_value", "After"),
    ),
    order="scope",
    key=("scope", "row_key", "column_name"),
    filters=(Filter("change", "Change", CHANGE_KINDS), Filter("column", "Column")),
    empty="No row of this table differs between the two releases.",
)
PAGE = WebPage(
    name="releases/compare",
    title="Two releases compared",
    about="Which rows were added, corrected or withdrawn between two releases, and what they were before.",
    load=_load,
    listing=LISTING,
    in_nav=False,
    subject=("source", "old", "new", "scope", "relation"),
)
