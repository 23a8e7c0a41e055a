"""docs/dictionary.md: every column in a table per relation."""

from __future__ import annotations

from include.warehouse.declare import NOT_APPLICABLE, UNKNOWN
from include.warehouse.reference.entries import relations

NOTE = "<!-- Written by `python -m include.warehouse.dictionary`: change the declarations, not this file. -->"


def dictionary() -> str:
    """docs/dictionary.md."""
    described = list(relations())
    lines = [
        "# Data dictionary",
        "",
        NOTE,
        "",
        "Every table of the schema `star`, with each column's type, unit, meaning and source. A source is an",
        "endpoint and a field of ImmPort's Shared Data API: `hai.valueReported`. The meanings are comments",
        "in the database, too. How to query: [star.md](star.md); the endpoints: [sources.md](sources.md).",
        "",
        f"In every dimension but dim_date and dim_data_release, key {UNKNOWN} is the member `unknown` and"
        f" {NOT_APPLICABLE} the member",
        "`not applicable`.",
        "",
        "| table | one row is |",
        "|---|---|",
        *(f"| [{item.name}](#{item.name}) | {item.grain} |" for item in described),
    ]
    for item in described:
        lines += ["", f"## {item.name}", "", f"One row is {item.grain}. {item.note}".rstrip(), ""]
        lines += ["| column | type | unit | meaning | source |", "|---|---|---|---|---|"]
        lines += [
            f"| `{e.name}` | {e.type} | {cell(e.unit)} | {cell(e.meaning)} | {cell(e.source)} |"
            for e in item.entries
        ]
    return "\n".join(lines) + "\n"


def cell(text: str | None) -> str:
    """A text as a cell of a Markdown table."""
    return (text or "").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
