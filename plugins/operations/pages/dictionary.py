"""The tables and columns that analysts query, searchable, and diagrams of how they refer to each other."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from include.warehouse.reference.areas import areas
from include.warehouse.reference.diagram import svg
from operations.listing import Filter, PageTable, TableColumn
from operations.page import Document, WebPage, address
from operations.view import View

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def _load(view: View) -> Mapping[str, Any]:
    relation = view.text("relation")
    return {
        "relations": view.rows("dictionary_relation", relation=relation) if relation else [],
        "areas": {name: title for name, (title, _) in _drawn().items()},
        "chosen": view.text("diagram"),
    }


@lru_cache
def _drawn() -> Mapping[str, tuple[str, str]]:
    """Title and picture of each area of the warehouse, drawn from its declarations once a process."""
    return {area.name: (area.title, svg(area)) for area in areas()}


def diagram(name: str) -> Document | None:
    """The picture of an area. The policy of the answer names the style in it by its hash."""
    if name not in _drawn():
        return None
    picture = _drawn()[name][1]
    style = _STYLE.search(picture)
    digest = base64.b64encode(hashlib.sha256((style[1] if style else "").encode()).digest()).decode()
    return Document(picture, "image/svg+xml", f"default-src 'none'; style-src 'sha256-{digest}'")


PAGE = WebPage(
    name="dictionary",
    title="Dictionary",
    about="Tables and columns of star and mart with types and meanings, and diagrams of them.",
    load=_load,
    listing=PageTable(
        query="dictionary",
        columns=(
            TableColumn(
                "full_name", "Table", "code", link=lambda row: address("dictionary", relation=row["relation"])
            ),
            TableColumn("column_name", "Column", "code"),
            TableColumn("column_type", "Type"),
            TableColumn("meaning", "Meaning"),
        ),
        order="full_name",
        key=("area", "relation", "place"),
        filters=(
            Filter("search", "Search"),
            Filter("area", "Schema", ("star", "mart")),
            Filter("relation", "Table", "dictionary_relations"),
        ),
        empty="The schemas star and mart are empty: bring the warehouse up to date with"
        " python -m include.warehouse.migrate.",
        hidden=("relation", "place"),
        is_short=True,
    ),
    documents={"diagram": diagram},
)
