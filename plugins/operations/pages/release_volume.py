"""How many results of each assay the warehouse held at each release."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from include.warehouse.model.registry import SOURCES
from operations.page import WebPage
from operations.pages.releases import source_of
from operations.view import View

#: Releases and tables that are drawn: the newest, the largest.
_RELEASES, _TABLES = 24, 7


def _load(view: View) -> Mapping[str, Any]:
    source = source_of(view)
    facts = SOURCES[source].facts
    drawn = [fact.relation for fact in facts if fact.measure] or [fact.relation for fact in facts]
    rows = view.rows("release_volume", source=source, relations=drawn)
    return {"source": source, "title": SOURCES[source].source.title, **volume(rows)}


def volume(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Rows of each table after each release.

    :param rows: rows of the query `release_volume`, in the order of the releases.
    """
    more: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        more[row["relation"]][row["release_version"]] = row["more"]
    releases = list(dict.fromkeys(row["release_version"] for row in rows))
    totals: dict[str, list[int]] = {}
    for table, changes in more.items():
        held, values = 0, []
        for release in releases:
            held += changes.get(release, 0)
            values.append(held)
        totals[table] = values
    largest = sorted(totals, key=lambda name: -max(totals[name]))[:_TABLES]
    series = [{"name": name, "values": totals[name][-_RELEASES:]} for name in largest]
    return {"labels": releases[-_RELEASES:], "series": series, "left": len(totals) - len(largest)}


PAGE = WebPage(
    name="releases/volume",
    title="Rows by assay and release",
    about="How many rows of each assay the warehouse held after each release.",
    load=_load,
    in_nav=False,
)
