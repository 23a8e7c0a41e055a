"""The star as views: the rows of history that are valid as of one data release.

The release is the setting `star.as_of` of the session; without it, the newest is meant. Views are
made anew whenever their text changes, after the migrations.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import sqlalchemy as sa

from include.sql import identifier, literal, sql_file
from include.warehouse.marts import mart_statements, marts
from include.warehouse.model import units
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.model.registry import DIMENSIONS, FACTS
from include.warehouse.schema.statements import run_sql
from include.warehouse.views import (
    as_of,
    function_comments,
    marker_views,
    release_difference,
    term_views,
    value_functions,
    value_quality,
)
from include.warehouse.views.assay_results import assay_results
from include.warehouse.views.table_views import select, view_columns
from include.warehouse.views.term_views import ViewColumn

#: Folder of the queries that are not written from the model.
_SQL = "include.warehouse.views.sql"
FUNCTIONS = f"{value_functions.FUNCTIONS};\n{as_of.FUNCTIONS}"


_RELEASE_COLUMNS: list[ViewColumn] = [
    ("release_key", "Key: one data release, in their order", ""),
    ("release_version", "Name, DR50 or DR49.1", ""),
    ("release_date", "Newest date seen with the release", ""),
    ("release_date_key", "That date as a key of dim_date", ""),
    ("major", "Number before the point", ""),
    ("minor", "Number after the point, 0 for none", ""),
    ("is_point", "A release between two full ones", ""),
]


_SOURCE_RELEASE_COLUMNS: list[ViewColumn] = [
    ("source", "Source, immport", ""),
    ("release_key", "Key: one release of the source, in their order", ""),
    ("release_version", "Name: DR50, or the time of a fetch", ""),
    ("release_date", "Newest date seen with the release", ""),
]


_TERM_COLUMNS: list[ViewColumn] = [
    ("vocabulary", "Vocabulary, lkSex", ""),
    ("term", "Identifier of the term within the vocabulary: its name, or its accession or number", ""),
    ("name", "Name", ""),
    ("description", "Description", ""),
    ("link", "Page that defines it", ""),
    ("fields", "Further fields of the vocabulary, as sent", ""),
    ("valid_from", "Time of the first fetch with these values", ""),
]


_WITHDRAWAL_COLUMNS: list[ViewColumn] = [
    ("study_accession", "Study", ""),
    ("reason", "Why, and how that is known: withdrawn, restricted or moved", ""),
    ("withdrawn_at", "Newest data release when it was withdrawn", ""),
    ("last_release", "Last release with the study: star.as_of still shows it there", ""),
    ("returned_at", "Release at which it was shared again; null while it is not", ""),
]


def definitions() -> Iterator[tuple[str, str, str, list[ViewColumn]]]:
    """Name, comment, query and columns of every view of the star, in the order to make them."""
    tables: tuple[Dimension | Fact, ...] = (*DIMENSIONS, *FACTS)
    for table in (item for item in tables if item.relation not in marker_views.COMPLETED):
        columns = view_columns(table)
        yield table.relation, table.grain[:1].upper() + table.grain[1:], select(table, columns), columns
    yield (
        "dim_data_release",
        "One data release of ImmPort",
        sql_file(_SQL, "dim_data_release"),
        _RELEASE_COLUMNS,
    )
    yield (
        "source_release",
        "One release of a source: a data release of ImmPort, a fetch of what has no releases",
        sql_file(_SQL, "source_release"),
        _SOURCE_RELEASE_COLUMNS,
    )
    yield (
        "vocabulary_term",
        "One term of a vocabulary, as of a fetch: `star.as_of_vocabularies`, the last one without it",
        sql_file(_SQL, "vocabulary_term"),
        _TERM_COLUMNS,
    )
    yield from term_views.definitions()
    about = "One withdrawal of a study"
    yield "study_withdrawal", about, sql_file(_SQL, "study_withdrawal"), _WITHDRAWAL_COLUMNS
    yield from release_difference.definitions()
    yield from marker_views.definitions()
    query, columns = assay_results()
    yield "fact_assay_result", "One result of any assay: all assay facts as one", query, columns
    yield from value_quality.definitions()


def statements() -> list[str]:
    """SQL that makes functions, views and marts, with their comments."""
    made = [FUNCTIONS, term_views.FUNCTION, *units.statements()]
    for name, comment, query, columns in definitions():
        made.append(f"create view star.{name} as\n{query}")
        made.append(f"comment on view star.{name} is {literal(comment)}")
        made += [f"comment on column star.{name}.{c} is {literal(meaning)}" for c, meaning, _ in columns]
    # Last: they read the views.
    made += [*mart_statements(), *release_difference.FUNCTIONS]
    return [*made, *function_comments.statements()]


def _digest() -> str:
    return hashlib.sha256("\n".join(statements()).encode()).hexdigest()


def are_current(connection: sa.Connection) -> bool:
    """Whether the views are those of this code."""
    return _setting(connection, "views") == _digest()


#: Whether all that stands on these views, and is none of them, is temporary; null where nothing does.
_ONLY_TEMPORARY = """
with ours as (
    select c.oid, c.reltype from pg_class c
    where c.relkind = 'v' and format('%s.%s', c.relnamespace::regnamespace, c.relname) = any(:views))
select bool_and(coalesce(c.relpersistence = 't', false))
from ours o
join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = o.oid
    or d.refclassid = 'pg_type'::regclass and d.refobjid = o.reltype
left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
left join pg_class c
    on c.oid = coalesce(r.ev_class, case when d.classid = 'pg_class'::regclass then d.objid end)
where d.deptype in ('n', 'a') and (c.oid is null or c.oid not in (select oid from ours))"""


def drop(connection: sa.Connection) -> None:
    """Remove our views, whatever version of this code made them; those of others stay.

    A temporary view of a reader goes with what it reads: it must not stop an upgrade for as long as its
    session lasts.
    """
    marts_made = {mart.name for mart in marts()} | set((_setting(connection, "mart_names") or "").split())
    standing = connection.scalars(sa.text("select viewname from pg_views where schemaname = 'mart'")).all()
    made = [*(_setting(connection, "view_names") or "").split(), *(name for name, *_ in definitions())]
    existing = connection.scalars(sa.text("select viewname from pg_views where schemaname = 'star'")).all()
    marts_dropped = [f"mart.{name}" for name in sorted(marts_made & set(standing))]
    dropped = [f"star.{name}" for name in reversed(dict.fromkeys(made)) if name in existing]
    drop_views(connection, marts_dropped, dropped)


def drop_views(connection: sa.Connection, *groups: list[str]) -> None:
    """Remove views; what others made of them is an error, unless all of it is temporary.

    :param groups: full names, those before others that they read.
    """
    is_safe = connection.scalar(
        sa.text(_ONLY_TEMPORARY), {"views": [name for names in groups for name in names]}
    )
    behaviour = "cascade" if is_safe else "restrict"
    # In one statement, so that it does not matter which of them reads which.
    for names in filter(None, groups):
        quoted = ", ".join(identifier(*name.split(".")) for name in names)
        run_sql(connection, f"drop view {quoted} {behaviour}")


def create(connection: sa.Connection) -> None:
    """Make functions, views and comments."""
    for statement in statements():
        run_sql(connection, statement)
    _set(connection, "views", _digest())
    _set(connection, "view_names", " ".join(name for name, *_ in definitions()))
    _set(connection, "mart_names", " ".join(mart.name for mart in marts()))


def _setting(connection: sa.Connection, name: str) -> str | None:
    if connection.scalar(sa.text("select to_regclass('ops.setting')")) is None:
        return None
    return connection.scalar(sa.text("select value from ops.setting where name = :name"), {"name": name})


def _set(connection: sa.Connection, name: str, value: str) -> None:
    upsert = (
        "insert into ops.setting (name, value) values (:name, :value)"
        " on conflict (name) do update set value = excluded.value"
    )
    connection.execute(sa.text(upsert), {"name": name, "value": value})
