"""What the schema `star` shows: each relation and column, with its meaning and where its values come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from include.sources.endpoint import Endpoint, Field
from include.sources.immport.source import IMMPORT
from include.sql import Expression
from include.warehouse.model.assays import ASSAY_FACTS
from include.warehouse.model.declaration import Column, Dimension, Fact, Type
from include.warehouse.model.registry import DIMENSIONS, FACTS, VERSIONED, model_of
from include.warehouse.schema.history_tables import DIM_DATE
from include.warehouse.views import as_of, term_views, value_quality
from include.warehouse.views.marker_views import COMPLETED
from include.warehouse.views.star import definitions

#: What the views of no table say of their types.
_TYPES = {
    "fields": "jsonb",
    "valid_from": "timestamp with time zone",
    "release_date": "date",
    "is_point": "boolean",
    **dict.fromkeys(("is_listed", "is_described"), "boolean"),
    **dict.fromkeys(("decided_at", "changed_at", "recorded_at", "read_at"), "timestamp with time zone"),
    "rows": "bigint",
    "is_limit_known": "boolean",
    **dict.fromkeys(("lacks", "pnn", "pns", "notes"), "text[]"),
    **dict.fromkeys(("value_preferred", "fcs_version"), "numeric"),
    **dict.fromkeys(("value_number", "value_standard", "log2_titer"), "numeric"),
    "is_late": "boolean",
    "published_at": "timestamp with time zone",
    **dict.fromkeys(("added", "corrected", "withdrawn", "unchanged"), "bigint"),
    **dict.fromkeys(("release_key", "major", "minor"), "integer"),
    **dict.fromkeys(("release_date_key", "measurand_key", "result_id"), "bigint"),
    **dict.fromkeys(("data_set", "file_info_id", "number_of_events", "number_of_markers"), "bigint"),
}
#: Where the columns of a view of no table come from.
_DEFAULTS_OF_VIEWS = {
    "fact_assay_result": "the fact",
    "vocabulary_term": "the answer of the vocabulary",
    **dict.fromkeys(("study_withdrawal", "release_change", "study_capture"), "the runs"),
    "study_window_definition": "declared here",
    **dict.fromkeys(("unmapped_unit", "visit_window_difference", "person_count"), "facts and dimensions"),
    **dict.fromkeys(("suspected_limit", "value_quality_profile"), "fact_assay_result"),
    "study_marker_vocabulary": "the runs, and the vocabularies they used",
    "fcs_file_header": "the file",
    **dict.fromkeys(("fcs_result_markers", "marker_disagreement"), "facts, and what is read in them"),
    "term_mapping": "the dimension, the vocabulary, and decisions of people",
    "unmapped_term": "the dimension and the tables that refer to it",
}
#: Where computed columns of a table come from that are not made of columns of its rows.
_WITHOUT_PARTS = dict.fromkeys(COMPLETED, "what is read, see `study_marker_vocabulary`")


@dataclass(frozen=True)
class Entry:
    """One column of the star.

    :param fields: endpoint and field of the values it is made of.
    :param source: where the value comes from, in words and field names.
    :param parts: columns of the same row that it is computed from.
    """

    name: str
    type: str
    unit: str | None
    meaning: str
    source: str
    fields: tuple[tuple[str, str], ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Relation:
    """One table or view of the star."""

    name: str
    grain: str
    entries: tuple[Entry, ...]
    note: str = ""

    def origins(self, entry: Entry) -> tuple[tuple[str, str], ...]:
        """Endpoint and field of all that a column is made of, through the columns it is computed from."""
        known = {one.name: one for one in self.entries}
        found = [entry.fields, *(known[part].fields for part in entry.parts if part in known)]
        return tuple(dict.fromkeys(one for fields in found for one in fields))


def relations() -> Iterator[Relation]:
    """Everything the schema `star` shows, in the order of the model."""
    declared: tuple[Dimension | Fact, ...] = (*DIMENSIONS, *FACTS)
    tables = {item.relation: item for item in declared}
    for name, grain, _, columns in definitions():
        table = tables.get(name)
        entries: Iterable[Entry]
        if table is None:
            sources = _assay_sources() if name == "fact_assay_result" else {}
            default = _DEFAULTS_OF_VIEWS.get(name, "the releases published here")
            entries = (
                Entry(column, _missing_type(name, column), None, meaning, sources.get(column, default))
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


def uses() -> dict[tuple[str, str], list[str]]:
    """Columns of the star by endpoint and field, those computed from others included."""
    found: dict[tuple[str, str], list[str]] = {}
    for relation in relations():
        for entry in relation.entries:
            for one in relation.origins(entry):
                found.setdefault(one, []).append(f"{relation.name}.{entry.name}")
    return found


def _entries(table: Dimension | Fact) -> Iterator[Entry]:
    if isinstance(table, Dimension):
        yield Entry(table.key_column, "bigint", None, "", "surrogate key, made here")
        for column in table.natural_key:
            found = _natural_fields(table, column)
            yield Entry(column.name, column.type, column.unit, column.meaning, names(found), found)
        yield Entry("is_inferred", "boolean", None, "", "derived")
        for name, *_ in term_views.columns(table):
            yield Entry(name, "text", None, "", "the vocabulary, see `term_mapping`")
        yield Entry("member", "text", None, "", "derived")
    else:
        own = _fields(table, table.row_id.raw)
        yield Entry(table.identity, table.row_id.type, None, "", names(own), own)
    if (isinstance(table, Fact) or table.is_versioned) and table.identity != table.scope_key:
        of = model_of(table).of_scopes
        about = f"key of {of.relation}: the {table.scope.title} requested"
        yield Entry(table.scope_key, "bigint", None, "", about)
    for reference in table.references:
        found = tuple(dict.fromkeys(one for key in reference.key for one in _fields(table, key)))
        source = f"key of dim_{reference.dimension}: {names(found)}"
        yield Entry(reference.column, "bigint", None, reference.meaning, source, found)
    for column in (item for item in table.columns if not item.is_masked):
        found = _fields(table, column.raw)
        source = names(found) if column.raw.column else f"computed from {names(found)}"
        yield Entry(column.name, column.type, column.unit, column.meaning, source, found)
    for item in table.derived:
        parts = sorted({one.name for one in item.expression.columns if one.alias == "h"})
        source = (
            f"computed from {', '.join(f'`{part}`' for part in parts)}"
            if parts
            else _WITHOUT_PARTS.get(table.relation, "the declared units")
        )
        yield Entry(item.name, item.type, item.unit, item.meaning, source, parts=tuple(parts))


def _with_meaning(entry: Entry, comment: str) -> Entry:
    """What the view's own comment says, without the unit, which has a column of its own."""
    return replace(entry, meaning=comment.removesuffix(f" (unit: {entry.unit})"))


def _fields(table: Dimension | Fact, expression: Expression) -> tuple[tuple[str, str], ...]:
    """Endpoint and field of every staged value that an expression reads."""
    endpoints = model_of(table).source.endpoints
    return tuple((name, _field(endpoints[name], column).name) for name, column in table.reads(expression))


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


def names(fields: Iterable[tuple[str, str]]) -> str:
    """`hai.valueReported`; endpoints that share a field, or tables a column, are listed together."""
    homes: dict[str, list[str]] = {}
    for endpoint, field in fields:
        homes.setdefault(field, []).append(endpoint)
    shared = (
        f"`{found[0]}.{field}`" if len(found) == 1 else f"`{field}` of {', '.join(found)}"
        for field, found in homes.items()
    )
    return "; ".join(shared)


def _assay_sources() -> dict[str, str]:
    """Which columns of the facts each column of the view over all assays shows."""
    shown = ("measurand_reported", "measurand_preferred", "measurand_key", "value_reported",
             "value_preferred", "value_text", "unit_reported", "unit_preferred")  # fmt: skip
    entries = {}
    for column in shown:
        parts: dict[str, list[str]] = {}
        for fact in ASSAY_FACTS:
            if fact.measure is not None:
                names = [one.name for one in fact.measure.reading(column).columns]
                if names:
                    parts.setdefault(", ".join(f"`{name}`" for name in names), []).append(fact.name)
        entries[column] = "; ".join(f"{names} of {', '.join(facts)}" for names, facts in parts.items())
    return entries | {"assay": "the fact's name", "measurand_type": "the fact's kind"}


def _missing_type(relation: str, column: str) -> str:
    if (relation, column) in value_quality.TYPES:
        return value_quality.TYPES[relation, column]
    if column.endswith("_key"):
        return _TYPES.get(column, "bigint")
    return _TYPES.get(column, Type.TEXT.value)


def _note(table: Dimension | Fact) -> str:
    masked = ", ".join(f"`{column.name}`" for column in table.columns if column.is_masked)
    hidden = f" Kept in history and not shown here: {masked}." if masked else ""
    return _versioning(table) + hidden


def _versioning(table: Dimension | Fact) -> str:
    if isinstance(table, Fact):
        return _by_release(table)
    if not table.is_versioned:
        return "Members are combinations of terms: they never change, new ones are added."
    if table.shared:
        several = f"of several {table.scope.plural} that describe it, the newest description shows."
        return f"{_by_release(table).removesuffix('.')}; {several}"
    return _by_release(table)


def _by_release(table: Dimension | Fact) -> str:
    source = model_of(table).source
    if source is IMMPORT:
        return "Versioned by data release."
    return f"Versioned by release of {source.title}, see `{as_of.setting(source)}`."


def _lower(text: str) -> str:
    """The first letter small, unless an abbreviation starts the text."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
