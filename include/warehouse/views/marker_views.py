"""Views of markers: ImmPort's rows, completed by what its published rules read where a package has none."""

from __future__ import annotations

from collections.abc import Iterator

from include.sql import sql_file
from include.warehouse.model.cytometry import CYTOMETRY
from include.warehouse.model.declaration import Fact
from include.warehouse.views.table_views import select, view_columns
from include.warehouse.views.term_views import ViewColumn

_SQL = "include.warehouse.views.sql"
#: Tables whose views show more than their own rows.
COMPLETED: dict[str, Fact] = {item.relation: item for item in CYTOMETRY}


def definitions() -> Iterator[tuple[str, str, str, list[ViewColumn]]]:
    """Name, comment, query and columns of the views of markers, in the order to make them."""
    for name, about, columns in (
        ("study_marker_vocabulary", "One study, and the vocabulary its markers are read with", _VOCABULARY),
        (
            "fcs_file_header",
            "One data set of an FCS file whose header was read, and its experiment sample",
            _FILE,
        ),
    ):
        yield name, about, sql_file(_SQL, name), columns
    for name in ("bridge_fcs_header_marker", "fact_fcs_header", "bridge_fcs_result_marker"):
        table = COMPLETED[name]
        own = view_columns(table)
        yield name, table.grain[:1].upper() + table.grain[1:], completed(name, select(table, own)), own
    about = "One result of cytometry, with all markers of its population"
    yield "fcs_result_markers", about, sql_file(_SQL, "fcs_result_markers"), _RESULT
    about = "One text in which ImmPort's package has other markers than its published rules read"
    yield "marker_disagreement", about, sql_file(_SQL, "marker_disagreement"), _DISAGREEMENT


def completed(name: str, own: str) -> str:
    """The query of a completed view: its file, with the table's own rows where it reads its own name.

    :raises ValueError: it does not read it once.
    """
    before, found, after = sql_file(_SQL, name).partition(f"star.{name} as")
    if not found or f"star.{name} " in after:
        raise ValueError(f"{name}.sql must read star.{name} once")
    return f"{before}({own}) as{after}"


_VERSION = ("marker_vocabulary", "Version of the vocabulary; null where there was none", "")
_VOCABULARY: list[ViewColumn] = [
    ("study_key", "Study", ""),
    ("marker_vocabulary", "Version of the vocabulary, a digest of its names; null where there was none", ""),
    ("source", "Where its names are from", ""),
    ("recorded_at", "When it was first used", ""),
]
_FILE: list[ViewColumn] = [
    ("study_key", "Study", ""),
    ("fcs_header", "UUID, data set and experiment sample, as in fact_fcs_header", ""),
    ("file_uuid", "UUID of the file, as in dim_file", ""),
    ("data_set", "Data set of the file, from 1", ""),
    ("expsample_key", "Experiment sample; 0 where the file belongs to none", ""),
    ("file_info_id", "ImmPort's number of the file", ""),
    ("fcs_file_name", "Name of the file as it was submitted", ""),
    ("fcs_version", "Version of the FCS standard", ""),
    ("number_of_events", "$TOT; null where the file does not state it", ""),
    ("number_of_markers", "Parameters of each event", ""),
    ("pnn", "$PnN of each parameter, empty where the file has none", ""),
    ("pns", "$PnS of each parameter, empty where the file has none", ""),
    ("notes", "What is wrong with the file although its header could be read", ""),
    ("read_at", "When it was read", ""),
    ("is_described", "ImmPort's package has a header of the file: fact_fcs_header shows that one", ""),
]
_RESULT: list[ViewColumn] = [
    ("study_key", "Study", ""),
    ("result_id", "Result of fact_fcs_analyzed", ""),
    ("markers", "Markers with their signs in alphabetical order, preferred names where known", ""),
    ("provenance", "immport where its package names a preferred marker of the result, else parsed", ""),
    _VERSION,
]
_DISAGREEMENT: list[ViewColumn] = [
    ("study_key", "Study", ""),
    ("what", "marker, definition, pnn, pns, or header of a file", ""),
    ("reported", "The text; of a header the name of the file", ""),
    ("preferred", "What ImmPort's package has", ""),
    ("parsed", "What is read", ""),
    _VERSION,
    ("rows", "Rows with that text", ""),
]
