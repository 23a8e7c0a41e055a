"""A copy of the star and the marts as Parquet files, for readers without Postgres.

All files of an export are one snapshot of the warehouse as of one release. They are written beside their
place and moved there when all are whole; `manifest.json` says what they are. An export that would be the
same as the one that is there changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.file_access import make_folder
from include.serve import parquet
from include.serve.export_target import ExportBusyError, ExportError, Place
from include.serve.parquet import ParquetColumn
from include.sql import identifier
from include.warehouse.access.roles import ANALYST, become_analyst
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.model.registry import DIMENSIONS, FACTS
from include.warehouse.schema.ops_tables import EXPORT
from include.warehouse.schema.statements import run_sql

__all__ = [
    "ANALYST",
    "SCHEMAS",
    "ExportBusyError",
    "ExportError",
    "Exported",
    "UnknownReleaseError",
    "export_star",
]

#: Schemas that are copied, where they exist.
SCHEMAS = ("star", "mart")
#: Rows fetched at once.
BATCH_ROWS = 10_000
#: First key of the advisory lock of an export; the second is made of its place.
EXPORT_LOCK = 7_318_010

_RELATIONS = sa.text("""
    select n.nspname as schema, c.relname as name, obj_description(c.oid, 'pg_class') as comment, c.oid
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any(:schemas) and c.relkind in ('r', 'p', 'v', 'm')
        and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
    order by n.nspname desc, c.relname
""")
_STUDIES = sa.text("""
    select study_accession from star.dim_study where study_key > 0
    order by length(study_accession), study_accession
""")
_AGREEMENT = "https://www.immport.org/agreement"
_COLUMNS = sa.text("""
    select a.attname, format_type(a.atttypid, null) as type, col_description(a.attrelid, a.attnum) as comment
    from pg_attribute a where a.attrelid = :oid and a.attnum > 0 and not a.attisdropped order by a.attnum
""")


class UnknownReleaseError(ExportError):
    """The warehouse does not know the requested release: another try will not help."""


@dataclass(frozen=True)
class Exported:
    """The result of an export.

    :param is_new: files were written; otherwise the same were there already.
    """

    location: str
    release: str
    files: int
    rows: int
    bytes: int
    is_new: bool


@dataclass(frozen=True)
class _Relation:
    schema: str
    name: str
    comment: str
    columns: tuple[ParquetColumn, ...]

    @property
    def path(self) -> str:
        return f"{self.schema}/{self.name}.parquet"

    @property
    def query(self) -> str:
        """Every row, in an order that depends on nothing but the rows."""
        order = ", ".join(_order(self)) or "1"
        return (
            f"select {', '.join(column.sql for column in self.columns)}"  # noqa: S608 - of the catalogue
            f" from {identifier(self.schema, self.name)} order by {order}"
        )


def export_star(engine: sa.Engine, root: str, as_of: str | None = None) -> Exported:
    """Copy star and marts to `<root>/<release>/<schema>/<relation>.parquet`.

    :param root: a folder, or a URL that Airflow's object storage opens.
    :param as_of: the release to export, in `as-of-<release>`; without it the current state, in a folder
        named after the newest release. These differ where a study was withdrawn since.
    :raises UnknownReleaseError: the warehouse knows no such release.
    :raises ExportError: it holds none at all, another export to the same place is running, or the place
        cannot be written.
    """
    # The copy is read by one transaction: no load that ends meanwhile can show in some files only.
    with engine.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    ) as connection:
        _lock(connection, root)
        revision = connection.scalar(sa.text("select version_num from ops.alembic_version"))
        role = become_analyst(connection)
        release = _release(connection, as_of)
        place = Place(root, f"as-of-{release}" if as_of else release)
        stamp = {"revision": str(revision), "release": release, "as_of": as_of, "readers": _readers(role)}
        studies = connection.scalars(_STUDIES).all()
        with place.fresh() as folder:
            files = [_write(connection, item, folder, stamp) for item in _relations(connection)]
            content = {**stamp, "files": files}
            is_new = not place.holds(content)
            now = datetime.now(UTC)
            # First, so that upkeep knows of an export whose writer is killed before it could say so.
            _record(engine, str(place), release, as_of, role, studies, now)
            if is_new:
                place.put(folder, {**content, "written_at": now.isoformat(timespec="seconds")})
    sums = {name: sum(item[name] for item in files) for name in ("rows", "bytes")}
    return Exported(str(place), release, len(files), sums["rows"], sums["bytes"], is_new)


def _lock(connection: sa.Connection, root: str) -> None:
    lock = sa.text("select pg_try_advisory_xact_lock(:export, hashtext(:root))")
    if not connection.scalar(lock, {"export": EXPORT_LOCK, "root": root}):
        raise ExportBusyError(f"another export of this warehouse to {root} is running")


def _readers(role: str) -> str:
    """Who may read the files, for their stamp."""
    if role == ANALYST:
        content = "it contained no study that was restricted when it was written"
    else:
        content = "it may hold restricted studies"
    return f"members of {role}, under ImmPort's user agreement ({_AGREEMENT}); {content}"


def _record(
    engine: sa.Engine,
    location: str,
    release: str,
    as_of: str | None,
    role: str,
    studies: Sequence[str],
    written_at: datetime,
) -> None:
    """Note the export in place of the one before: the audit names it if a study is restricted later."""
    values = {
        "release_version": release,
        "as_of": as_of,
        "read_as": role,
        "studies": list(studies),
        "written_at": written_at,
    }
    statement = upsert(EXPORT).values(location=location, **values)
    with engine.begin() as connection:
        connection.execute(statement.on_conflict_do_update(index_elements=[EXPORT.c.location], set_=values))


def _release(connection: sa.Connection, as_of: str | None) -> str:
    """Name of the release to stamp, once the transaction shows it."""
    connection.execute(sa.text("select set_config('star.as_of', :name, true)"), {"name": as_of or ""})
    if as_of:
        try:
            connection.execute(sa.text("select star.as_of_key()"))
        except (sa.exc.InternalError, sa.exc.DataError) as error:
            raise UnknownReleaseError(str(error.orig).partition("\n")[0]) from error
        return as_of
    newest = "select release_version from star.dim_data_release order by release_key desc limit 1"
    release = connection.scalar(sa.text(newest))
    if release is None:
        raise ExportError("the warehouse holds no data release yet")
    return str(release)


def _relations(connection: sa.Connection) -> list[_Relation]:
    found = connection.execute(_RELATIONS, {"schemas": list(SCHEMAS)}).all()
    return [
        _Relation(
            row.schema,
            row.name,
            row.comment or "",
            tuple(
                ParquetColumn(name, type_, comment or "")
                for name, type_, comment in connection.execute(_COLUMNS, {"oid": row.oid})
            ),
        )
        for row in found
    ]


def _order(relation: _Relation) -> list[str]:
    """What rows are ordered by: the key of a table that the model declares, else all columns."""
    tables: tuple[Dimension | Fact, ...] = (*DIMENSIONS, *FACTS)
    for table in tables:
        if (relation.schema, relation.name) == ("star", table.relation):
            return list(dict.fromkeys((table.identity,) if isinstance(table, Dimension)
                                      else (table.scope_key, table.identity)))  # fmt: skip
    return [str(number) for number in range(1, len(relation.columns) + 1)]


def _write(
    connection: sa.Connection, relation: _Relation, folder: Path, stamp: Mapping[str, str | None]
) -> dict[str, Any]:
    """Write one file. Returns its entry in the manifest."""
    path = folder / relation.path
    make_folder(path.parent)
    about = {"relation": f"{relation.schema}.{relation.name}", "comment": relation.comment}
    about |= {name: value or "" for name, value in stamp.items()}
    written = parquet.write(path, relation.columns, _batches(connection, relation.query), about)
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    columns = [
        {"name": one.name, "type": str(one.type), **{k.decode(): v.decode() for k, v in one.metadata.items()}}
        | ({"inexact": written.inexact[one.name]} if one.name in written.inexact else {})
        for one in parquet.schema(relation.columns, about)
    ]
    return {
        "path": relation.path,
        "comment": relation.comment,
        "rows": written.rows,
        "bytes": path.stat().st_size,
        "sha256": digest,
        "columns": columns,
    }


def _batches(connection: sa.Connection, query: str) -> Iterator[Sequence[sa.Row[Any]]]:
    """Rows over a cursor of the server: it sorts, and memory here stays that of one batch."""
    options = {"stream_results": True, "max_row_buffer": BATCH_ROWS}
    result = run_sql(connection, query, **options)
    yield from result.partitions(BATCH_ROWS)
