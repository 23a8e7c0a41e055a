"""docs/dictionary.md: every column in a table per relation."""

from __future__ import annotations

from include.warehouse.model.relations import NOT_APPLICABLE, UNKNOWN
from include.warehouse.reference.entries import relations
from include.warehouse.reference.examples import example
from include.warehouse.reference.lineage import package_source
from include.warehouse.reference.mart_docs import mart_sections
from include.warehouse.reference.notes import NOTE, cell
from include.warehouse.views.function_comments import FUNCTION_COMMENTS


def dictionary() -> str:
    """docs/dictionary.md."""
    described = list(relations())
    lines = [
        "# Data dictionary",
        "",
        NOTE,
        "",
        "Every table of the schema `star`, with each column's type, unit, meaning, source and an example. A",
        "source is an endpoint and a field of ImmPort's Shared Data API, `hai.valueReported`; beside it",
        "stand table and column of a Tab package that hold the same, `hai_result.value_reported`. Examples",
        "are synthetic. The meanings are comments in the database, too. The same as a page to search in:",
        "[dictionary.html](dictionary.html). How to query: [star.md](star.md); the endpoints:",
        "[sources.md](sources.md); from a field to the star: [lineage.md](lineage.md); views made of these",
        "tables: [marts](#marts).",
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
        lines += ["| column | type | unit | meaning | source | package | example |"]
        lines += ["|---|---|---|---|---|---|---|"]
        lines += [
            f"| `{e.name}` | {e.type} | {cell(e.unit)} | {cell(e.meaning)} | {cell(e.source)}"
            f" | {cell(package_source(item, e))} | {cell(example(item.name, e.name))} |"
            for e in item.entries
        ]
    lines += ["", "## Functions", "", "| function | what it gives |", "|---|---|"]
    lines += [f"| `{name}` | {cell(meaning)} |" for name, meaning in FUNCTION_COMMENTS.items()]
    return "\n".join([*lines, *mart_sections()]) + "\n"
