"""The whole star as values that two warehouses can be compared by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from include.warehouse.model.declaration import Dimension
from include.warehouse.model.registry import DIMENSIONS, FACTS
from include.warehouse.model.relations import NOT_APPLICABLE, UNKNOWN
from include.warehouse.schema.history_tables import HISTORY, KEY_TABLES

#: Rows by relation, in an order that does not depend on when they were written.
Digest = dict[str, list[str]]

_SPECIAL = {UNKNOWN: "unknown", NOT_APPLICABLE: "not applicable"}
#: Column of a key in the star -> the dimension it points to.
_KEYS = {item.key_column: item.name for item in DIMENSIONS} | {
    reference.column: reference.dimension for table in (*DIMENSIONS, *FACTS) for reference in table.references
}
_KEYS["resolved_gene_key"] = "gene"
#: Derived from other columns of the same row, or true of one warehouse only.
_LEFT_OUT = {"measurand_key", "load_id", "loaded_at", "changed_at", "recorded_at", "read_at"}
#: What each publish changed depends on the order of the publishes.
_OF_DATA = "viewname <> 'release_change'"


def star_digest(
    engine: sa.Engine,
    without: Mapping[str, Collection[str]] | None = None,
    leave_out: Collection[str] = (),
) -> Digest:
    """Every row of the star as of every release and now, every version, every capture.

    Surrogate keys are replaced by the natural keys they stand for; 7.00 and 7 are one number.

    :param without: columns to leave out, by table.
    :param leave_out: tables to leave out.
    """
    out = without or {}
    with engine.connect() as connection:
        names = {item.name: _natural_keys(connection, item) for item in DIMENSIONS}
        views = connection.scalars(
            sa.text(f"select viewname from pg_views where schemaname = 'star' and {_OF_DATA} order by 1")
        ).all()
        releases = connection.scalars(
            sa.text("select release_version from history.data_release where source = 'immport'")
        ).all()
        found: Digest = {}
        for release in ("", *releases):
            connection.execute(sa.text("select set_config('star.as_of', :name, false)"), {"name": release})
            for view in (name for name in views if name not in leave_out):
                found[f"{view} {release or 'now'}"] = sorted(
                    _rows(connection, f"star.{view}", names, out.get(view, ()))
                )
        for relation in (name for name in HISTORY if name not in leave_out):
            found[f"versions of {relation}"] = sorted(
                _rows(connection, f"history.{relation}", names, out.get(relation, ()))
            )
        captures = "(select scope, release_key, kind from ops.capture) c"
        found["ops.capture"] = sorted(_rows(connection, captures, names))
    return found


def _natural_keys(connection: sa.Connection, dimension: Dimension) -> dict[int, Any]:
    table = KEY_TABLES[dimension.name]
    parts = [table.c[item.name] for item in dimension.natural_key]
    found = connection.execute(sa.select(table.c[dimension.key_column], *parts))
    return {key: tuple(map(str, natural)) for key, *natural in found} | _SPECIAL


def _rows(
    connection: sa.Connection,
    source: str,
    names: dict[str, dict[int, Any]],
    out: Collection[str] = (),
) -> Iterator[str]:
    rows = (
        {
            column: names[_KEYS[column]][value] if column in _KEYS else _text(value)
            for column, value in row.items()
            if column not in _LEFT_OUT and column not in out
        }
        for row in connection.exec_driver_sql(f"select * from {source}").mappings()
    )
    return map(repr, _joined(rows) if out else rows)


def _joined(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Versions that differ in columns left out alone are one."""
    ended: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: int(row.get("valid_from", 0))):
        content = repr({name: value for name, value in row.items() if not name.startswith("valid_")})
        before = ended.get(content)
        if before is not None and before.get("valid_to") == row.get("valid_from") is not None:
            before["valid_to"] = row["valid_to"]
        elif before is not None:
            yield before
            ended[content] = row
        else:
            ended[content] = row
    yield from ended.values()


def _text(value: object) -> str:
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def differences(one: Digest, other: Digest) -> list[str]:
    """What two digests do not share, in words: empty when they are equal."""
    found = []
    for relation in sorted(one.keys() | other.keys()):
        mine, yours = one.get(relation), other.get(relation)
        if mine is None or yours is None:
            found.append(f"{relation}: only in the {'second' if mine is None else 'first'}")
        elif mine != yours:
            only = sorted(set(mine) ^ set(yours))
            found.append(f"{relation}: {len(mine)} and {len(yours)} rows; {only[:2]}")
    return found


def row_marks(engine: sa.Engine) -> dict[str, str]:
    """Place and writer of every stored row: equal only while nothing at all was written."""
    with engine.connect() as connection:
        tables = connection.scalars(
            sa.text(
                "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = 'history'"
                " or schemaname = 'quality' or (schemaname = 'ops' and tablename in"
                " ('capture', 'ledger', 'release_change', 'load', 'scope', 'staged', 'drift')) order by 1"
            )
        ).all()
        return {
            name: connection.exec_driver_sql(
                f"select md5(string_agg(concat_ws(' ', ctid, xmin, xmax), ',' order by ctid)) from {name}"
            ).scalar_one()
            for name in tables
        }


def staging_tables(engine: sa.Engine) -> list[str]:
    """Staging tables that are there."""
    with engine.connect() as connection:
        return list(
            connection.scalars(sa.text("select tablename from pg_tables where schemaname = 'staging'"))
        )
