"""The tables of the warehouse as SQLAlchemy sees them: history from the model, and operations.

Staging tables are made per load by `stage`; views by `views`.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

from include.sources.release import OPEN
from include.warehouse.declare import Column, Dimension, Fact, Type
from include.warehouse.model import DIMENSIONS, VERSIONED

#: Name of the schema -> what it is for.
SCHEMAS = {
    "staging": "Answers of one load as text, dropped once the load is published",
    "history": "All versions of every row, by data release",
    "star": "What analysts query: the rows as of one data release",
    "mart": "Views for analysts over the star: responses, profiles, cohorts, one wide view per assay",
    "quality": "Results of the checks, and the rows that broke one",
    "ops": "Runs, loads, steps, captures and what each release changed",
}
metadata = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    }
)
_TYPES = {
    Type.TEXT: sa.Text,
    Type.NUMERIC: sa.Numeric,
    Type.INTEGER: sa.BigInteger,
    Type.DATE: sa.Date,
    Type.BOOLEAN: sa.Boolean,
}


def describe(meaning: str, unit: str | None) -> str:
    """The comment of a column: its meaning, with the unit where it has one."""
    return f"{meaning} (unit: {unit})" if unit else meaning


def _column(item: Column) -> sa.Column:
    return sa.Column(item.name, _TYPES[item.type], comment=describe(item.meaning, item.unit))


def _key_table(dimension: Dimension) -> sa.Table:
    """Durable surrogate keys: a member keeps its key whatever becomes of its versions."""
    natural = [_column(item) for item in dimension.natural_key]
    unique = sa.Column(
        "natural_key", UUID, unique=True, comment="Digest of the natural key; null for special members"
    )
    return sa.Table(
        dimension.key_table,
        metadata,
        sa.Column(
            dimension.key_column, sa.BigInteger, sa.Identity(), primary_key=True, comment="Surrogate key"
        ),
        *natural,
        unique,
        schema="history",
        comment=f"Surrogate keys of dim_{dimension.name}: {dimension.grain}. 0 unknown, -1 not applicable",
    )


def _versions(table: Dimension | Fact) -> sa.Table:
    """All versions of a table's rows. Each version is told by one study and valid from one release."""
    inferred = []
    identity: sa.Column
    if isinstance(table, Fact):
        identity = sa.Column(
            table.identity, _TYPES[table.row_id.type], nullable=False, comment=table.row_id.meaning
        )
    else:
        identity = _key(table.identity, "Surrogate key of the member")
        meaning = "A row of the study names the member but its own endpoint does not describe it"
        inferred = [sa.Column("is_inferred", sa.Boolean, nullable=False, comment=meaning)]
    study = [] if table.identity == "study_key" else [_key("study_key", "Study that told the row")]
    made = sa.Table(
        table.relation,
        metadata,
        *study,
        identity,
        *(_key(item.column, item.meaning) for item in table.references),
        *(_column(item) for item in table.columns),
        *inferred,
        sa.Column("valid_from", sa.Integer, nullable=False, comment="Release key of the first release"),
        sa.Column("valid_to", sa.Integer, nullable=False, comment=f"Release key of the end; {OPEN} is open"),
        sa.Column("load_id", sa.BigInteger, nullable=False, comment="Load that wrote the version"),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now(),
                  comment="When the version was written"),
        sa.CheckConstraint("valid_from < valid_to", name="interval"),
        schema="history",
        comment=f"Versions of {table.relation}: {table.grain}",
    )  # fmt: skip
    # The study leads every key, so that the star can be spread over machines by study.
    keys = dict.fromkeys(("study_key", table.identity))
    made.append_constraint(sa.PrimaryKeyConstraint(*keys, "valid_from"))
    sa.Index(
        f"{table.relation}_open_key",
        *(made.c[name] for name in keys),
        unique=True,
        postgresql_where=made.c.valid_to == OPEN,
    )
    return made


def _key(name: str, meaning: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger, nullable=False, comment=meaning)


KEY_TABLES = {item.name: _key_table(item) for item in DIMENSIONS}
HISTORY = {item.relation: _versions(item) for item in VERSIONED}

DATA_RELEASE = sa.Table(
    "data_release",
    metadata,
    sa.Column("release_key", sa.Integer, primary_key=True, autoincrement=False,
              comment="Position on the release line: DR49.1 is 490100"),
    sa.Column("release_version", sa.Text, nullable=False, unique=True, comment="Name, DR50 or DR49.1"),
    sa.Column("release_date", sa.Date, comment="Newest date seen with the release"),
    schema="history",
    comment="Data releases of ImmPort that this warehouse has met",
)  # fmt: skip

VOCABULARY_TERM = sa.Table(
    "vocabulary_term",
    metadata,
    sa.Column("vocabulary", sa.Text, primary_key=True, comment="Vocabulary, lkSex"),
    sa.Column("term", sa.Text, primary_key=True, comment="What tells it from the vocabulary's other terms"),
    sa.Column("valid_from", sa.DateTime(timezone=True), primary_key=True,
              comment="End of the fetch that first brought it so"),
    sa.Column("valid_to", sa.DateTime(timezone=True), nullable=False,
              comment="End of the first fetch that brought it otherwise; infinity is open"),
    sa.Column("name", sa.Text, comment="Name"),
    sa.Column("description", sa.Text, comment="Description"),
    sa.Column("link", sa.Text, comment="Page that defines it"),
    sa.Column("fields", JSONB, nullable=False, comment="What else the vocabulary says of it, as sent"),
    sa.CheckConstraint("valid_from < valid_to", name="interval"),
    sa.Index("vocabulary_term_open_key", "vocabulary", "term", unique=True,
             postgresql_where=sa.text("valid_to = 'infinity'::timestamp with time zone")),
    schema="history",
    comment="Versions of the terms of ImmPort's vocabularies, by the time of the fetch",
)  # fmt: skip

UNIT_DEFINITION = sa.Table(
    "unit_definition",
    metadata,
    sa.Column("spelling", sa.Text, primary_key=True, comment="Unit, as star.unit_spelling leaves it"),
    sa.Column("dimension", sa.Text, nullable=False, comment="What it measures"),
    sa.Column("canonical_unit", sa.Text, nullable=False, comment="Unit that values are converted to"),
    sa.Column("factor", sa.Numeric, nullable=False,
              comment="Canonical value: (value - unit_offset) * factor / divisor"),
    sa.Column("divisor", sa.Numeric, nullable=False, comment="Apart from the factor, to stay exact"),
    sa.Column("unit_offset", sa.Numeric, nullable=False, comment="Zero of the unit's scale, of temperatures"),
    schema="history",
    comment="Units of measure, written with the views from include/warehouse/units.py",
)  # fmt: skip

DIM_DATE = sa.Table(
    "dim_date",
    metadata,
    sa.Column("date_key", sa.BigInteger, primary_key=True, autoincrement=False, comment="Day as YYYYMMDD"),
    sa.Column("date", sa.Date, unique=True, comment="Day"),
    sa.Column("year", sa.Integer, comment="Year"),
    sa.Column("quarter", sa.Integer, comment="Quarter of the year, 1 to 4"),
    sa.Column("month", sa.Integer, comment="Month of the year, 1 to 12"),
    sa.Column("day_of_month", sa.Integer, comment="Day of the month"),
    sa.Column("iso_week", sa.Integer, comment="ISO week of the year"),
    sa.Column("iso_weekday", sa.Integer, comment="ISO day of the week, Monday is 1"),
    schema="star",
    comment="Days from 1900 to 2099, for the dates of studies and releases; 0 is unknown",
)

#: One row, through which the as-of views read their setting once per query and not once per row.
ONE = sa.Table("one", metadata, sa.Column("is_one", sa.Boolean, primary_key=True), schema="star",
               comment="A single row, read by the as-of views")  # fmt: skip


def _ops(
    name: str, comment: str, *columns: sa.Column | sa.Constraint | sa.Index, schema: str = "ops"
) -> sa.Table:
    return sa.Table(name, metadata, *columns, schema=schema, comment=comment)


def _text(
    name: str, comment: str, *, required: bool = False, key: bool = False, default: str | None = None
) -> sa.Column:
    nullable = not (required or key)
    return sa.Column(
        name, sa.Text, nullable=nullable, primary_key=key, server_default=default, comment=comment
    )


def _number(
    name: str, comment: str, *, required: bool = False, key: bool = False, default: int | None = None
) -> sa.Column:
    return sa.Column(
        name,
        sa.BigInteger,
        nullable=not (required or key),
        primary_key=key,
        autoincrement=False,
        server_default=None if default is None else str(default),
        comment=comment,
    )


def _time(name: str, comment: str, default: bool = False) -> sa.Column:
    stamp = sa.DateTime(timezone=True)
    return sa.Column(name, stamp, server_default=sa.func.now() if default else None, comment=comment)


RUN = _ops(
    "run", "One run of a DAG that loads studies or files",
    _text("run_id", "Airflow's name of the run", key=True),
    _text("dag_id", "DAG of the run", required=True, default="immport_release"),
    _time("started_at", "Start of the run", default=True),
    _time("ended_at", "End of the run"),
    _text("state", "running, success, partial or failed", required=True),
    _text("newest_release", "Newest data release in the listing"),
    _number("listed", "Studies in the listing"),
    sa.Column("is_complete", sa.Boolean, comment="The listing held every study the source counted"),
    _text("note", "What a person should know of the run: why it held back, a key about to expire"),
)  # fmt: skip
WORK = _ops(
    "work", "What a run decided for each study, and why",
    _text("run_id", "Run", key=True),
    _text("study_accession", "Study", key=True),
    _text("release_version", "Release of the study", key=True),
    _text("action", "load, withdraw, keep, hold or, in a dry run, plan", required=True),
    _text("reason", "Why, in words", required=True),
    _number("load_id", "Load that does the work"),
    _number("expected_rows", "Rows the study is expected to have"),
    _number("expected_bytes", "Size of the package to be fetched"),
)  # fmt: skip
LOAD = _ops(
    "load", "One study at one release on its way to the star",
    sa.Column("load_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="Number of the load"),
    _text("study_accession", "Study", required=True),
    _text("release_version", "Data release the answers belong to", required=True),
    sa.Column("release_date", sa.Date, comment="Day of that release"),
    sa.Column("release_key", sa.Integer, nullable=False, comment="Release key at which it becomes valid"),
    _text("fetch_id", "Name of the fetch in the landing zone", required=True),
    _text("listed_version", "Release that the listing gave the study; null when it was not asked"),
    _text("route", "How it came: api or package; null until that is chosen"),
    _text("route_reason", "Why it came that way"),
    _text("file_uuid", "Package to load, by its UUID, where the run names one"),
    _text("state", "planned, extracted, staged, checked, published or failed", required=True),
    _text("error", "Why it failed"),
    _time("created_at", "When it was decided", default=True),
    _time("changed_at", "When the state last changed", default=True),
    sa.Index("load_study_idx", "study_accession", "release_version"),
)  # fmt: skip
STUDY = _ops(
    "study", "What the warehouse holds of each study",
    _text("study_accession", "Study", key=True),
    _number("fence", "Token of the newest attempt to publish; an older attempt is refused", required=True),
    _text("state", "current, withdrawn or new", required=True),
    _text("release_version", "Newest release published"),
    sa.Column("release_date", sa.Date, comment="Date ImmPort gave with that release"),
    _text("listed_version", "Release that the listing gave the study then"),
    _text("reason", "Why it is withdrawn: withdrawn, restricted or moved, and how that is known"),
)  # fmt: skip
STEP = _ops(
    "step", "Each step of each load, as it went",
    sa.Column("step_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="Number of the step"),
    _text("run_id", "Run", required=True),
    _number("load_id", "Load"),
    _text("study_accession", "Study", required=True),
    _text("release_version", "Release", required=True),
    _text("step", "extract, stage, check, publish or withdraw", required=True),
    _text("state", "running, done, failed or skipped", required=True),
    _time("started_at", "Start", default=True),
    _time("ended_at", "End"),
    _number("rows", "Rows moved"),
    _text("message", "What happened, in words"),
    sa.Index("step_run_idx", "run_id"),
)  # fmt: skip
STAGED = _ops(
    "staged", "Rows staged per endpoint of a load, counted again before they are published",
    _number("load_id", "Load", key=True),
    _text("endpoint", "Endpoint", key=True),
    _number("rows_received", "Rows in the answer", required=True),
    _number("rows_staged", "Rows in the staging table", required=True),
    sa.Column("is_known", sa.Boolean, nullable=False, server_default=sa.true(),
              comment="The load tells about the endpoint; otherwise what is held stays as it is"),
    _number("pieces", "Parts in which it was asked for; 0 for none, 1 for a whole answer",
            required=True, default=1),
    _number("rows_expected", "Rows that another count has"),
    _text("expected_from", "That count: the release's table counts, an undivided answer"),
    _text("note", "What a person should know: why nothing was asked for, why in parts"),
)  # fmt: skip
PACKAGE_TABLE = _ops(
    "package_table", "Tables of the package of a load, those that nothing reads included",
    _number("load_id", "Load", key=True),
    _text("table_name", "Table, as the package names it", key=True),
    _number("rows", "Rows in it", required=True),
    _text("read_for", "Endpoints whose rows are made of it; null for a table that nothing reads"),
)  # fmt: skip
DRIFT = _ops(
    "drift", "Keys an answer lacked, or had beyond those declared",
    _number("load_id", "Load", key=True),
    _text("endpoint", "Endpoint", key=True),
    _text("field", "Key of the answer", key=True),
    _text("kind", "missing or unknown", required=True),
    _number("rows", "Rows concerned", required=True),
)  # fmt: skip
CAPTURE = _ops(
    "capture", "Releases at which a study was captured whole: before the first, nothing is known",
    _text("study_accession", "Study", key=True),
    sa.Column("release_key", sa.Integer, primary_key=True, autoincrement=False, comment="Release key"),
    _text("kind", "full or withdrawn", required=True),
    _text("reason", "Of a withdrawal: withdrawn, restricted or moved, and how that is known"),
    _number("load_id", "Load that captured it", required=True),
    _time("captured_at", "When", default=True),
)  # fmt: skip
LEDGER = _ops(
    "ledger", "Loads whose publish was committed: a second publish of one changes nothing",
    _number("load_id", "Load", key=True),
    _text("study_accession", "Study", required=True),
    sa.Column("release_key", sa.Integer, nullable=False, comment="Release key"),
    _time("published_at", "When", default=True),
)  # fmt: skip
RELEASE_CHANGE = _ops(
    "release_change", "What publishing a load changed, per table of the star",
    _number("load_id", "Load", key=True),
    _text("relation", "Table of the star", key=True),
    _number("added", "Rows that were not there", required=True),
    _number("corrected", "Rows that were there with other values", required=True),
    _number("withdrawn", "Rows that are there no more", required=True),
    _number("unchanged", "Rows left alone", required=True),
)  # fmt: skip
VOCABULARY_FETCH = _ops(
    "vocabulary_fetch", "What each fetch brought of each vocabulary, and what that changed",
    _text("fetch_id", "Name of the fetch in the landing zone", key=True),
    _text("vocabulary", "Vocabulary", key=True),
    _text("run_id", "Run", required=True),
    _time("fetched_at", "End of the fetch"),
    _number("rows_received", "Rows in the answer", required=True),
    _number("rows_dropped", "Stubs and repetitions among them", required=True),
    _number("added", "Terms that were not there", required=True),
    _number("corrected", "Terms that were there otherwise", required=True),
    _number("withdrawn", "Terms that are there no more", required=True),
    _number("unchanged", "Terms left alone", required=True),
    _text("note", "What a person should know: keys that were missing or new, nothing received"),
)  # fmt: skip
RELEASE_FILE = _ops(
    "release_file", "Release files of each study as last seen: another MD5 is another content",
    _text("study_accession", "Study", key=True),
    _text("file_name", "Name, SDY139-DR25_Tab.zip", key=True),
    _text("file_uuid", "UUID", required=True),
    _text("md5", "MD5 of its bytes"),
    _number("size_bytes", "Size"),
    _time("seen_at", "When", default=True),
)  # fmt: skip
FORMAT_VERDICT = _ops(
    "format_verdict", "Whether an endpoint says the same in TSV as in JSON, tried once on a small answer",
    _text("source", "Host that was asked", key=True),
    _text("endpoint", "Endpoint", key=True),
    sa.Column("is_equal", sa.Boolean, nullable=False, comment="Every cell agreed"),
    _text("header", "Header line of the TSV; another one reopens the question", required=True),
    _number("rows_compared", "Rows of the answer that was compared", required=True),
    _text("detail", "The first difference, or why the question was reopened"),
    _time("proven_at", "When", default=True),
)  # fmt: skip
CIRCUIT = _ops(
    "circuit", "Services that failed time and again: they are left alone for a while",
    _text("host", "Host and port", key=True),
    _text("state", "closed, open or half-open", required=True),
    _number("failures", "Failures in a row", required=True),
    _time("opened_at", "When it was opened"),
    _number("openings", "Openings in a row without an answer between", required=True, default=0),
    _text("error", "The last failure"),
    _text("endpoint", "Endpoint of the last failure"),
    _text("study_accession", "Study of the last failure"),
)  # fmt: skip
FILE_DOWNLOAD = _ops(
    "file_download", "Files brought to the object storage, and those that could not be",
    _text("study_accession", "Study", key=True),
    _text("file_uuid", "UUID", key=True),
    _text("path", "Path ImmPort gives it", required=True),
    _text("file_type", "Type, result_file"),
    _number("size_bytes", "Size ImmPort gives it"),
    _text("md5", "MD5 ImmPort gives it"),
    _text("location", "Where it lies"),
    _text("state", "planned, present, failed or left out", required=True),
    _text("error", "Why it failed or was left out"),
    _number("bytes_fetched", "Bytes that came over the network for it", required=True, default=0),
    _text("run_id", "Run that last had to do with it"),
    _time("changed_at", "When the state last changed", default=True),
)  # fmt: skip
SETTING = _ops(
    "setting", "Facts about the installation",
    _text("name", "Name", key=True),
    _text("value", "Value", required=True),
)  # fmt: skip
RESULT = _ops(
    "result", "Outcome of every expectation of every load",
    _number("load_id", "Load", key=True),
    _text("endpoint", "Endpoint", key=True),
    _text("check_id", "Stable name of the check", key=True),
    _text("severity", "critical stops the study, row sets rows aside, warning is told", required=True),
    sa.Column("success", sa.Boolean, nullable=False, comment="The expectation held"),
    _number("unexpected_rows", "Rows that broke it"),
    _text("detail", "What was found"),
    schema="quality",
)  # fmt: skip
QUARANTINE = _ops(
    "quarantine", "Rows that were not published, with the rule they broke",
    sa.Column("quarantine_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="Number"),
    _number("load_id", "Load", required=True),
    _text("study_accession", "Study", required=True),
    _text("release_version", "Release", required=True),
    _text("endpoint", "Endpoint", required=True),
    _number("row_number", "Position of the row in the answer, from 1", required=True),
    _text("rule", "Check that the row broke", required=True),
    sa.Column("row", JSONB, comment="The row as received"),
    _time("quarantined_at", "When", default=True),
    sa.Index("quarantine_load_idx", "load_id", "endpoint", "row_number"),
    schema="quality",
)  # fmt: skip
