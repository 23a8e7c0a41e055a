"""Studies by release, as a grid: a shape, a colour and a reason for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from include.sources.immport.source import IMMPORT
from operations import listing
from operations.listing import Filter
from operations.page import WebPage, address
from operations.pages import studies
from operations.view import View

#: Releases that stand beside each other.
RELEASES = 15
#: A page without a choice shows this source; its studies are what most people look for.
SOURCE = IMMPORT.name
#: State of a cell -> how it is shown: the sign of another state, or none.
_SHOWN_AS = {"gone": "withdrawn", "none": None}

_FILTERS = tuple(item for item in studies.FILTERS if item.name != "source")
LISTING = replace(
    studies.LISTING,
    filters=(Filter("source", "Source", "source_names"), *_FILTERS),
    hidden=("urgency", "run_id", "decided_release"),
)


@dataclass(frozen=True)
class GridCell:
    """One scope at one release.

    :param shown_as: state whose sign and colour it has; None where there is nothing.
    :param reason: what happened and why, in a sentence.
    :param href: where it leads; None where there is nothing to see.
    """

    release: str
    shown_as: str | None
    reason: str
    href: str | None


def _load(view: View) -> Mapping[str, Any]:
    source = view.text("source") or SOURCE
    found = view.rows("grid_releases", source=source, until=view.text("until") or None)
    releases = found[:RELEASES]
    table = listing.show(view, LISTING, source=source)
    table = replace(table, chosen={**table.chosen, "source": source})
    rows = view.rows(
        "grid_cells",
        source=source,
        scopes=[row["scope"] for row in table.rows],
        keys=[row["release_key"] for row in releases],
        versions=[row["release_version"] for row in releases],
    )
    names = [row["release_version"] for row in releases]
    newest = names[0] if names else None
    cells = {(row["scope"], row["release_version"]): row for row in rows}
    return {
        "source": source,
        "releases": names,
        "older": found[RELEASES]["release_version"] if len(found) > RELEASES else None,
        "table": table,
        "rows": [(row, list(_cells(row, names, newest, cells))) for row in table.rows],
    }


def _cells(
    row: Mapping[str, Any],
    names: Sequence[str],
    newest: str | None,
    cells: Mapping[tuple[str, str], Mapping[str, Any]],
) -> Sequence[GridCell]:
    """The cells of a scope. One that is on hold is so at the release that was decided on."""
    is_held = row["outcome"] == "hold"
    held_at = row["decided_release"] if row["decided_release"] in names else newest
    return [
        cell_of(row, cells[row["scope"], name], row["reason"] if is_held and name == held_at else None)
        for name in names
    ]


def cell_of(scope: Mapping[str, Any], cell: Mapping[str, Any], on_hold: str | None = None) -> GridCell:
    """A cell of the grid.

    :param cell: row of the query `grid_cells`.
    :param on_hold: why the scope waits at this release; None where it does not.
    """
    release, state = cell["release_version"], cell["state"]
    texts = {
        "published": "published",
        "quarantined": f"published, {cell['quarantined']:,} rows quarantined",
        "unchanged": f"unchanged since {cell['same_as']}: the source sent the same once more",
        "keep": f"unchanged since {cell['since']}: not loaded at this release",
        "withdrawn": cell["withdrawn_because"] or "withdrawn",
        "gone": f"withdrawn since {cell['since']}",
        "failed": f"failed: {cell['error'] or 'was not finished'}",
        "retracted": cell["error"] or "retracted",
        "none": "not in the warehouse at this release",
    }
    text = texts.get(state, f"on its way: {state}")
    if state == "failed" and cell["is_captured"]:
        text += "; rows of an earlier load of this release stay"
    if on_hold:
        return GridCell(release, "hold", f"on hold: {on_hold}; {text}", studies.of_scope(scope))
    shown_as = _SHOWN_AS.get(state, state)
    at = cell["since"] if state in ("keep", "gone") else release
    href = address("study", source=scope["source"], scope=scope["scope"], release=at) if shown_as else None
    return GridCell(release, shown_as, text, href)


PAGE = WebPage(
    name="studies/grid",
    title="Studies by release",
    about="What happened to each study at each release, and why. Rest on a sign, or move to it with Tab.",
    load=_load,
    in_nav=False,
)
