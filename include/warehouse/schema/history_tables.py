"""The tables that analysts' views read, as SQLAlchemy sees them: history from the model, and reference data.

Staging tables are made per load by `stage`, views by `views`; what a run writes down is in `ops_tables`.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

from include.sources.immport.source import IMMPORT
from include.sources.release import OPEN
from include.warehouse.model.declaration import Column, Dimension, Fact, Type
from include.warehouse.model.registry import DIMENSIONS, FACTS, VERSIONED

#: Name of the schema -> what it is for.
SCHEMAS = {
    "staging": "Answers of one load as text, dropped once the load is published",
    "history": "All versions of every row, by data release",
    "star": "What analysts query: the rows as of one data release",
    "mart": "Views for analysts over the star: responses, profiles, cohorts, one wide view per assay",
    "quality": "Results of the checks, and the rows that broke one",
    "ops": "Runs, loads, steps, captures and what each release changed",
    "monitor": "What ops and quality hold, of the studies that the reader may see",
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
    Type.JSON: JSONB,
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
    """All versions of a table's rows. Each version belongs to one scope and is valid from one release."""
    inferred = []
    identity: sa.Column
    if isinstance(table, Fact):
        identity = sa.Column(
            table.identity, _TYPES[table.row_id.type], nullable=False, comment=table.row_id.meaning
        )
    else:
        identity = _key(table.identity, "Surrogate key of the member")
        meaning = (
            f"A row of the {table.scope.title} names the member but its own endpoint does not describe it"
        )
        inferred = [sa.Column("is_inferred", sa.Boolean, nullable=False, comment=meaning)]
    about = f"{table.scope.title.capitalize()} that the row comes from"
    leading = [] if table.identity == table.scope_key else [_key(table.scope_key, about)]
    made = sa.Table(
        table.relation,
        metadata,
        *leading,
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
    # The scope leads every key, so that the star can be spread over machines by it. The end of a version
    # follows, not the start: so the one index that each row pays for allows it one open version.
    keys = dict.fromkeys((table.scope_key, table.identity))
    made.append_constraint(sa.PrimaryKeyConstraint(*keys, "valid_to"))
    if isinstance(table, Dimension) and leading:
        # A fact finds its member by the key alone.
        sa.Index(f"{table.relation}_{table.identity}_idx", made.c[table.identity])
    return made


def _key(name: str, meaning: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger, nullable=False, comment=meaning)


KEY_TABLES = {item.name: _key_table(item) for item in DIMENSIONS}
HISTORY = {item.relation: _versions(item) for item in VERSIONED}

#: Columns of a version that describe its validity, not its content.
_BOOKKEEPING = ("valid_from", "valid_to", "load_id", "loaded_at")


def content_columns(table: Dimension | Fact) -> list[str]:
    """Columns of a version that a load writes, beside its identity."""
    names = (column.name for column in HISTORY[table.relation].columns)
    return [name for name in names if name not in {table.scope_key, table.identity, *_BOOKKEEPING}]


def compared_columns(table: Dimension | Fact) -> list[str]:
    """Those of them that make two versions of a row equal or different."""
    ignored = {column.name for column in table.columns if not column.is_compared}
    return [name for name in content_columns(table) if name not in ignored]


DATA_RELEASE = sa.Table(
    "data_release",
    metadata,
    sa.Column("source", sa.Text, primary_key=True, server_default=IMMPORT.name, comment="Source, immport"),
    sa.Column("release_key", sa.Integer, primary_key=True, autoincrement=False,
              comment="Position on the release line: DR49.1 is 490100, a fetch its seconds since 2020"),
    sa.Column("release_version", sa.Text, nullable=False, comment="Name: DR50, DR49.1, the time of a fetch"),
    sa.Column("release_date", sa.Date, comment="Newest date seen with the release"),
    sa.UniqueConstraint("source", "release_version"),
    schema="history",
    comment="Releases of each source that this warehouse knows",
)  # fmt: skip

STUDY_ACCESS = sa.Table(
    "study_access",
    metadata,
    sa.Column("study_key", sa.BigInteger, primary_key=True, autoincrement=False, comment="Study"),
    sa.Column("is_open", sa.Boolean, nullable=False, comment="Everybody who may read the star may read it"),
    sa.Column("reason", sa.Text, comment="Why it is not open"),
    sa.Column("cleared_in", sa.Text, comment="First run whose list of restricted studies no longer named it"),
    sa.Column("is_cleared", sa.Boolean, nullable=False, server_default=sa.false(),
              comment="A second run confirmed that: it may be opened"),
    sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), comment="Since when"),
    schema="history",
    comment="Studies that everybody may read: one without an entry is hidden",
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
    comment="Units of measure, written with the views from include/warehouse/model/units.py",
)  # fmt: skip

TERM_MAPPING = sa.Table(
    "term_mapping",
    metadata,
    sa.Column("term_id", UUID, primary_key=True, comment="Digest of domain, reported and preferred term"),
    sa.Column("domain", sa.Text, nullable=False, comment="Kind of term: analyte, virus_strain, unit ..."),
    sa.Column("reported", sa.Text, nullable=False, comment="Term as reported; empty for none"),
    sa.Column("preferred", sa.Text, nullable=False, comment="What ImmPort preferred; empty for nothing"),
    sa.Column("vocabulary", sa.Text, comment="Vocabulary of the term it is mapped to"),
    sa.Column("term", sa.Text, comment="Term it is mapped to; of a proposal the one to decide on"),
    sa.Column("term_name", sa.Text, comment="What a person calls that term"),
    sa.Column("status", sa.Text, nullable=False,
              comment="exact, alias, proposed or unmapped by the evidence; accepted or rejected by a person"),
    sa.Column("method", sa.Text, nullable=False, comment="How the term was found"),
    sa.Column("evidence", sa.Text, nullable=False, comment="Why it is that term, or why it is none"),
    sa.Column("decided_by", sa.Text, comment="Person who decided"),
    sa.Column("decided_at", sa.DateTime(timezone=True), comment="When"),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now(),
              comment="When the mapping last changed"),
    sa.CheckConstraint(
        "status in ('exact', 'alias', 'proposed', 'accepted', 'rejected', 'unmapped')", name="status"),
    sa.CheckConstraint(
        "(status in ('accepted', 'rejected')) = (decided_by is not null and decided_at is not null)",
        name="decision"),
    sa.CheckConstraint("(vocabulary is null) = (term is null)", name="term"),
    sa.CheckConstraint("status not in ('exact', 'alias', 'accepted') or term is not null", name="mapped"),
    sa.Index("term_mapping_domain_idx", "domain", "status"),
    schema="history",
    comment="Reported terms and the vocabulary terms they are, with the evidence; decisions outlive reloads",
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


def _names(table: sa.Table | None) -> tuple[str, ...]:
    return () if table is None else tuple(table.c.keys())


def _stored_names(relation: str) -> tuple[str, ...]:
    """The columns of a table of the schema; none where there is no such table."""
    return _names(metadata.tables.get(f"history.{relation}"))


def check_derived(table: Dimension | Fact) -> None:
    """Make sure that the columns which the star computes of a table are of columns that are stored.

    :raises ValueError: an alias or a column is not there.
    """
    key_table = KEY_TABLES[table.name] if isinstance(table, Dimension) else None
    stored = HISTORY.get(table.relation, key_table)
    # The view of a dimension joins the table of its keys as `k`.
    rows = {"h": _names(stored), "k": _names(key_table)}
    expressions = [item.expression for item in table.derived]
    if table.lookup:
        rows[table.lookup.alias] = table.lookup.gives or _stored_names(table.lookup.relation)
        expressions.append(table.lookup.sql)
    for column in (one for expression in expressions for one in expression.columns):
        if column.name not in (rows.get(column.alias) or _stored_names(column.home)):
            raise ValueError(
                f"{table.relation} computes with {column.alias}.{column.name}, which is not stored"
            )


_DECLARED: tuple[Dimension | Fact, ...] = (*DIMENSIONS, *FACTS)
for _item in _DECLARED:
    check_derived(_item)
