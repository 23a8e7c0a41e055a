"""The data dictionary and the list of sources, written from the declarations.

`python -m include.warehouse.dictionary` writes both into docs/; a test fails when they are stale.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from include.sources.immport import ENDPOINTS, SHARED_DATA
from include.sources.lookups import LOOKUP_ENDPOINTS
from include.sources.model import Endpoint, Field, Group
from include.warehouse import value_views
from include.warehouse.declare import NOT_APPLICABLE, UNKNOWN, Column, Dimension, Fact, Type
from include.warehouse.facts import ASSAY_FACTS
from include.warehouse.mart_docs import mart_sections
from include.warehouse.model import DIMENSIONS, FACTS, VERSIONED
from include.warehouse.package_docs import package_sections, package_table
from include.warehouse.tables import DIM_DATE
from include.warehouse.views import definitions

DOCS = Path(__file__).parents[2] / "docs"

_NOTE = (
    "<!-- Written by `python -m include.warehouse.dictionary`: change the declarations, not this file. -->"
)
#: `{summary} y` and `{biosample} b`: the alias of a further endpoint in a declaration's joins.
_JOINED = re.compile(r"\{(\w+)\} (\w)\b")
_STAGED = re.compile(r"\b([a-z])\.([a-z]\w*)")
#: What the two views of no table say of their types.
_TYPES = {
    "fields": "jsonb",
    "valid_from": "timestamp with time zone",
    "release_date": "date",
    "is_point": "boolean",
    "value_preferred": "numeric",
    **dict.fromkeys(("value_number", "value_standard", "log2_titer"), "numeric"),
    **dict.fromkeys(("release_key", "major", "minor"), "integer"),
    **dict.fromkeys(("release_date_key", "measurand_key", "result_id"), "bigint"),
}
#: Where the columns of a view of no table come from.
_UNTOLD = {
    "fact_assay_result": "the fact",
    "vocabulary_term": "the answer of the vocabulary",
    "study_withdrawal": "the runs",
    "study_window_definition": "declared here",
    **dict.fromkeys(("unmapped_unit", "visit_window_difference", "person_count"), "facts and dimensions"),
    **dict.fromkeys(("suspected_limit", "value_quality_profile"), "fact_assay_result"),
}
#: Headings of docs/sources.md for what is no part of the star: heading, text, which endpoints.
_GROUPS: tuple[tuple[str, str, Callable[[Endpoint], bool]], ...] = (
    (
        "Parts of the manifest",
        "The manifest once more and shorter: declared, served by the sandbox, and asked by nobody.",
        lambda item: item.group is Group.STUDY and item.name not in ENDPOINTS,
    ),
    (
        "Searches",
        "The study search finds out what there is; it is read by discovery and not loaded.",
        lambda item: item.group is Group.SEARCH,
    ),
    (
        "Services",
        "What is asked of no one study.",
        lambda item: item.group is Group.SERVICE,
    ),
)
_MEMBER_TYPES = {"is_inferred": "boolean", "study_key": "bigint"}


@dataclass(frozen=True)
class Entry:
    """One column of the star.

    :param fields: endpoint and field of the values it is made of.
    :param source: where the value comes from, in words and field names.
    """

    name: str
    type: str
    unit: str | None
    meaning: str
    source: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Relation:
    """One table or view of the star."""

    name: str
    grain: str
    entries: tuple[Entry, ...]
    note: str = ""


def relations() -> Iterator[Relation]:
    """Everything the schema `star` shows, in the order of the model."""
    declared: tuple[Dimension | Fact, ...] = (*DIMENSIONS, *FACTS)
    tables = {item.relation: item for item in declared}
    for name, grain, _, columns in definitions():
        table = tables.get(name)
        entries: Iterable[Entry]
        if table is None:
            sources = _assay_sources() if name == "fact_assay_result" else {}
            default = _UNTOLD.get(name, "the releases published here")
            entries = (
                Entry(column, _untold_type(name, column), None, meaning, sources.get(column, default))
                for column, meaning, _ in columns
            )
        else:
            known = {entry.name: entry for entry in _entries(table)}
            entries = (_with_meaning(known[column], meaning) for column, meaning, _ in columns)
        if table is None:
            yield Relation(name, _lower(grain), tuple(entries))
        else:
            yield Relation(name, table.grain, tuple(entries), _note(table))
    dates = (
        Entry(column.name, str(column.type).lower(), None, column.comment or "", "the calendar")
        for column in DIM_DATE.columns
    )
    yield Relation(DIM_DATE.name, "one day", tuple(dates), f"{DIM_DATE.comment}.")


def dictionary() -> str:
    """docs/dictionary.md."""
    described = list(relations())
    lines = [
        "# Data dictionary",
        "",
        _NOTE,
        "",
        "Every table of the schema `star`, with each column's type, unit, meaning and source. A source is an",
        "endpoint and a field of ImmPort's Shared Data API: `hai.valueReported`. The meanings are comments",
        "in the database, too. How to query: [star.md](star.md); the endpoints: [sources.md](sources.md);",
        "views made of these tables: [marts](#marts).",
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
            f"| `{e.name}` | {e.type} | {_cell(e.unit)} | {_cell(e.meaning)} | {_cell(e.source)} |"
            for e in item.entries
        ]
    return "\n".join([*lines, *mart_sections()]) + "\n"


def sources() -> str:
    """docs/sources.md."""
    uses = _uses()
    lines = [
        "# Sources",
        "",
        _NOTE,
        "",
        f"All {len(SHARED_DATA)} endpoints of ImmPort's Shared Data API, as declared in",
        "[include/sources](../include/sources/immport.py). Paths lie under",
        "`https://www.immport.org/data/query`.",
        "",
        "## Each study at each release",
        "",
        "Every field received is landed, staged and checked. The package table is the one that its rows are",
        "made of: a release counts that in `*_table_count.txt`, and without rows the endpoint is not asked.",
        "",
        "| endpoint | path | one row is | key | fields | package table | in the star | known quirks |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [_source_line(item, _landing(item, uses)) for item in ENDPOINTS.values()]
    for heading, about, kept in _GROUPS:
        lines += ["", f"## {heading}", "", about, ""]
        lines += [
            "| endpoint | path | one row is | key | fields | known quirks |",
            "|---|---|---|---|---|---|",
        ]
        lines += [_source_line(item) for item in SHARED_DATA.values() if kept(item)]
    lines += package_sections()
    lines += ["", "## Vocabularies", ""]
    lines += ["Open to everybody, under `/api/lookup/`. Before the terms of some stands a stub: the name of"]
    lines += ["the column they are for. Fields in the order sent, the key in bold.", ""]
    lines += ["| fields | vocabularies |", "|---|---|"]
    shared: dict[str, list[str]] = {}
    for item in LOOKUP_ENDPOINTS:
        told = ", ".join(f"**{name}**" if name in item.key else name for name in item.names)
        shared.setdefault(told, []).append(item.name)
    alike = sorted(shared.items(), key=lambda pair: -len(pair[1]))
    lines += [f"| {told} | {', '.join(names)} |" for told, names in alike]
    lines += ["", "## Fields by endpoint", ""]
    lines += [
        "Fields of an endpoint, and the columns of the star that are made of them. A dash: received and"
    ]
    lines += ["checked, but not in the star, mostly because another endpoint is its home."]
    for item in ENDPOINTS.values():
        lines += ["", f"### {item.name}", "", "| field | columns of the star |", "|---|---|"]
        for field in item.staged_fields:
            shown = ", ".join(f"`{use}`" for use in uses.get((item.name, field.name), ()))
            lines.append(f"| `{field.name}` | {shown or '-'} |")
    return "\n".join(lines) + "\n"


def write(folder: Path = DOCS) -> list[Path]:
    """Write both files into a folder. Returns those that changed.

    :raises OSError: a file cannot be written.
    """
    changed = []
    for name, text in (("dictionary.md", dictionary()), ("sources.md", sources())):
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            changed.append(path)
    return changed


def _entries(table: Dimension | Fact) -> Iterator[Entry]:
    if isinstance(table, Dimension):
        yield Entry(table.key_column, "bigint", None, "", "surrogate key, made here")
        for column in table.natural_key:
            found = _natural_fields(table, column)
            yield Entry(column.name, column.type, column.unit, column.meaning, _names(found), found)
        yield Entry("is_inferred", _MEMBER_TYPES["is_inferred"], None, "", "derived")
        yield Entry("member", "text", None, "", "derived")
    else:
        own = _fields(table, table.row_id.raw)
        yield Entry(table.identity, table.row_id.type, None, "", _names(own), own)
    if table.identity != "study_key":
        yield Entry(
            "study_key", _MEMBER_TYPES["study_key"], None, "", "key of dim_study: the study asked for"
        )
    for reference in table.references:
        found = tuple(dict.fromkeys(one for key in reference.key for one in _fields(table, key)))
        source = f"key of dim_{reference.dimension}: {_names(found)}"
        yield Entry(reference.column, "bigint", None, reference.meaning, source, found)
    for column in (item for item in table.columns if not item.is_masked):
        found = _fields(table, column.raw)
        is_plain = re.fullmatch(r"[a-z]\.\w+", column.raw)
        source = _names(found) if is_plain else f"computed from {_names(found)}"
        yield Entry(column.name, column.type, column.unit, column.meaning, source, found)
    for item in table.derived:
        parts = sorted(set(re.findall(r"\bh\.(\w+)", item.expression)))
        source = (
            f"computed from {', '.join(f'`{part}`' for part in parts)}" if parts else "the declared units"
        )
        yield Entry(item.name, item.type, item.unit, item.meaning, source)


def _with_meaning(entry: Entry, comment: str) -> Entry:
    """What the view's own comment says, without the unit, which has a column of its own."""
    return replace(entry, meaning=comment.removesuffix(f" (unit: {entry.unit})"))


def _fields(table: Dimension | Fact, expression: str) -> tuple[tuple[str, str], ...]:
    """Endpoint and field of every staged value that an expression reads."""
    home = {"s": table.endpoint or "", **{alias: name for name, alias in _JOINED.findall(table.joins)}}
    found = (
        (home[alias], _field(ENDPOINTS[home[alias]], column).name)
        for alias, column in _STAGED.findall(expression)
        if alias in home
    )
    return tuple(dict.fromkeys(found))


def _field(endpoint: Endpoint, column: str) -> Field:
    return next(item for item in endpoint.staged_fields if item.column == column)


def _natural_fields(dimension: Dimension, column: Column) -> tuple[tuple[str, str], ...]:
    """Where the parts of a natural key come from: the dimension's own rows, or those that name it."""
    if dimension.is_versioned:
        return _fields(dimension, column.raw)
    position = dimension.natural_key.index(column)
    found = (
        one
        for table in VERSIONED
        for reference in table.references
        if reference.dimension == dimension.name
        for one in _fields(table, reference.key[position])
    )
    return tuple(dict.fromkeys(found))


def _names(fields: Iterable[tuple[str, str]]) -> str:
    """`hai.valueReported`; endpoints that share a field are told together."""
    homes: dict[str, list[str]] = {}
    for endpoint, field in fields:
        homes.setdefault(field, []).append(endpoint)
    told = (
        f"`{names[0]}.{field}`" if len(names) == 1 else f"`{field}` of {', '.join(names)}"
        for field, names in homes.items()
    )
    return "; ".join(told)


def _assay_sources() -> dict[str, str]:
    """Which columns of the facts each column of the view over all assays shows."""
    shown = ("measurand_reported", "measurand_preferred", "measurand_key", "value_reported",
             "value_preferred", "value_text", "unit_reported", "unit_preferred")  # fmt: skip
    told = {}
    for column in shown:
        parts: dict[str, list[str]] = {}
        for fact in ASSAY_FACTS:
            if fact.measure is not None:
                names = dict.fromkeys(re.findall(r"\bf\.(\w+)", getattr(fact.measure, column)))
                if names:
                    parts.setdefault(", ".join(f"`{name}`" for name in names), []).append(fact.name)
        told[column] = "; ".join(f"{names} of {', '.join(facts)}" for names, facts in parts.items())
    return told | {"assay": "the fact's name", "measurand_type": "the fact's kind"}


def _untold_type(relation: str, column: str) -> str:
    if (relation, column) in value_views.TYPES:
        return value_views.TYPES[relation, column]
    if column.endswith("_key"):
        return _TYPES.get(column, "bigint")
    return _TYPES.get(column, Type.TEXT.value)


def _note(table: Dimension | Fact) -> str:
    masked = ", ".join(f"`{column.name}`" for column in table.columns if column.is_masked)
    hidden = f" Kept in history and not shown here: {masked}." if masked else ""
    return _versioning(table) + hidden


def _versioning(table: Dimension | Fact) -> str:
    if isinstance(table, Fact):
        return "Versioned by data release."
    if not table.is_versioned:
        return "Members are combinations of terms: they never change, new ones are added."
    if table.shared:
        return "Versioned by data release; of several studies that describe it, the newest description shows."
    return "Versioned by data release."


def _uses() -> dict[tuple[str, str], list[str]]:
    """Columns of the star by endpoint and field."""
    uses: dict[tuple[str, str], list[str]] = {}
    for relation in relations():
        for entry in relation.entries:
            for one in entry.fields:
                uses.setdefault(one, []).append(f"{relation.name}.{entry.name}")
    return uses


def _landing(endpoint: Endpoint, uses: dict[tuple[str, str], list[str]]) -> list[str]:
    """Tables made of an endpoint's rows, or that take some of its values."""
    made = [item.relation for item in VERSIONED if item.endpoint == endpoint.name]
    versioned = {item.relation for item in VERSIONED}
    named = (
        use.partition(".")[0]
        for (name, _), all_uses in uses.items()
        if name == endpoint.name
        for use in all_uses
    )
    return list(dict.fromkeys([*made, *(name for name in named if name in versioned)]))


def _source_line(endpoint: Endpoint, tables: list[str] | None = None) -> str:
    path = endpoint.path + (f"?{endpoint.study_parameter}={{study}}" if endpoint.study_parameter else "")
    cells = [endpoint.name, f"`{path}`", endpoint.about, ", ".join(endpoint.key), str(len(endpoint.fields))]
    if tables is not None:
        cells.append(package_table(endpoint.name))
        cells.append(", ".join(f"[{name}](dictionary.md#{name})" for name in tables) or "kept, not loaded")
    cells.append(_cell(endpoint.quirks) or "-")
    return f"| {' | '.join(cells)} |"


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _lower(text: str) -> str:
    """The first letter small, unless an abbreviation starts the text."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def main() -> None:
    """Write docs/dictionary.md and docs/sources.md."""
    write()


if __name__ == "__main__":
    main()
