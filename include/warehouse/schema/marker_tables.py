"""The tables of markers: the vocabularies they were read with, what was read, and headers of FCS files."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

from include.warehouse.schema.foreign_types import CleanText
from include.warehouse.schema.history_tables import metadata


def _study() -> sa.Column:
    return sa.Column("study_key", sa.BigInteger, primary_key=True, autoincrement=False, comment="Study")


def _key(name: str, comment: str) -> sa.Column:
    return sa.Column(name, sa.Text, primary_key=True, comment=comment)


def _texts(name: str, comment: str, kind: sa.types.TypeEngine[str] | None = None) -> sa.Column:
    return sa.Column(name, sa.ARRAY(kind or sa.Text()), nullable=False, comment=comment)


MARKER_VOCABULARY = sa.Table(
    "marker_vocabulary",
    metadata,
    _key("version", "Digest of the names"),
    sa.Column("source", sa.Text, nullable=False, comment="Where the names are from"),
    sa.Column("names", JSONB, nullable=False, comment="All names with their meaning"),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now(),
              comment="When it was first used"),
    schema="history",
    comment="Vocabularies that markers were read with, each whole: no reading depends on what is gone",
)  # fmt: skip

MARKER_READING = sa.Table(
    "marker_reading",
    metadata,
    _study(),
    _key("vocabulary_version", "Vocabulary it was read with"),
    _key("species", "Species whose names hold, as subjects have it; empty for an unknown one"),
    _key("kind", "population: a gating definition; parameter: a name of a parameter"),
    sa.Column("digest", UUID, primary_key=True, comment="Digest of the text"),
    sa.Column("text", sa.Text, nullable=False, comment="The text as reported"),
    _texts("reported", "Its elements in their order; of a parameter, what was found"),
    _texts("preferred", "Preferred name of each, without the sign; empty for an unknown one"),
    _texts("marker", "Marker of each, without the sign: preferred where known, else as reported"),
    _texts("sign", "Expression value of each: one of + - ++ +- +~, or empty"),
    _texts("accession", "Accession of the analyte of each; empty for what is not one"),
    sa.Column("summary", sa.Text, nullable=False, comment="What the rules make of the whole text"),
    sa.Column("markers", sa.Text, nullable=False,
              comment="Its elements in alphabetical order: preferred where known, else as reported"),
    schema="history",
    comment="What the rules read in a text with a vocabulary: never changed, added to when a text is new",
)  # fmt: skip

FCS_FILE_HEADER = sa.Table(
    "fcs_file_header",
    metadata,
    _study(),
    sa.Column("file_uuid", sa.Text, primary_key=True, comment="UUID of the file: other bytes have another"),
    sa.Column("data_set", sa.Integer, primary_key=True, autoincrement=False,
              comment="Data set of the file, from 1"),
    sa.Column("fcs_version", sa.Numeric, nullable=False, comment="Version of the FCS standard"),
    sa.Column("number_of_events", sa.BigInteger, comment="$TOT; null where the file does not state it"),
    # Foreign text that no load has cleaned.
    _texts("pnn", "$PnN of each parameter, empty where the file has none", CleanText()),
    _texts("pns", "$PnS of each parameter, empty where the file has none", CleanText()),
    _texts("notes", "What is wrong with the file although its header could be read", CleanText()),
    sa.Column("read_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now(),
              comment="When it was read"),
    schema="history",
    comment="Headers that were read from FCS files: one data set each",
)  # fmt: skip
