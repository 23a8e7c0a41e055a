"""The model: what it declares is complete, explained, and cannot break a publish."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from include.quality.grammar import PATTERNS
from include.sources.endpoint import Kind
from include.sources.release import OPEN
from include.warehouse.model.declaration import Dimension, Fact, Type, staged_columns
from include.warehouse.model.registry import DIMENSIONS, VERSIONED, model_of
from include.warehouse.schema.history_tables import HISTORY
from include.warehouse.schema.ops_tables import metadata
from include.warehouse.views.star import definitions
from tests.support.warehouse import Warehouse

#: Kinds whose checked text always casts to the type.
SAFE = {
    Type.NUMERIC: {Kind.NUMBER, Kind.INTEGER},
    Type.INTEGER: {Kind.INTEGER},
    Type.DATE: {Kind.DATE, Kind.MOMENT},
    Type.JSON: {Kind.JSON},  # a reader writes it, whatever the source sent
}
#: Sources that compute a value and cannot fail whatever the text.
SAFE_SOURCE = re.compile(
    r"^star\.to_number\(s\.\w+\)$|^trim_scale\(star\.to_number\(s\.\w+\)\)$"
    r"|^coalesce\(\(s\.\w+ collate \"C\"\) ~\* '[^']+', false\)$|^s\.\w+ = 'true'$"
)


def test_the_star_is_complete(warehouse: Warehouse) -> None:
    """The catalogue has what the model declares, and nothing that neither it nor a view declares."""
    found = {name for (name,) in warehouse.rows(
        "select table_name from information_schema.tables where table_schema = 'star'"
    )}  # fmt: skip
    tables = {table.name for table in metadata.tables.values() if table.schema == "star"}
    assert found == tables | {name for name, *_ in definitions()}
    assert found >= {item.relation for item in (*DIMENSIONS, *VERSIONED)}


def test_the_history_is_complete(warehouse: Warehouse) -> None:
    found = {name for (name,) in warehouse.rows(
        "select table_name from information_schema.tables where table_schema = 'history'"
    )}  # fmt: skip
    assert found >= {item.relation for item in VERSIONED} | {item.key_table for item in DIMENSIONS}
    assert found == {table.name for table in metadata.tables.values() if table.schema == "history"}


@pytest.mark.parametrize("dimension", DIMENSIONS, ids=lambda item: item.name)
def test_every_dimension_has_its_special_members(warehouse: Warehouse, dimension: Dimension) -> None:
    key = dimension.key_column
    query = f"select {key} from history.{{}} where {key} <= 0 order by {key}"
    assert warehouse.rows(query.format(dimension.key_table)) == [(-1,), (0,)]
    if dimension.is_versioned:
        valid = f" and valid_from = 0 and valid_to = {OPEN} and not is_inferred"
        versions = query.replace(" order", f"{valid} order").format(dimension.relation)
        assert warehouse.rows(versions) == [(-1,), (0,)]


def test_every_table_and_column_says_what_it_is(warehouse: Warehouse) -> None:
    bare = warehouse.rows("""
        select n.nspname, c.relname, a.attname
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and (a.attnum > 0 and not a.attisdropped)
        where n.nspname in ('history', 'star', 'ops', 'quality') and c.relkind in ('r', 'v', 'p')
            and (obj_description(c.oid, 'pg_class') is null or col_description(c.oid, a.attnum) is null)
            and c.relname <> 'alembic_version'""")
    assert bare == []
    assert (
        warehouse.rows("""
        select nspname from pg_namespace n where nspname in ('history', 'star', 'ops', 'quality', 'staging')
            and obj_description(n.oid, 'pg_namespace') is null""")
        == []
    )


def casts(table: Dimension | Fact) -> list[tuple[str, Type]]:
    """Staged columns that publishing casts, with the type."""
    found: list[tuple[str, Type]] = []
    for column in table.columns:
        if column.type is Type.TEXT or (column.source and SAFE_SOURCE.match(column.source.text)):
            continue
        read = column.raw.columns
        assert {item.alias for item in read} == {"s"}, f"{column.name} is cast from a row nobody checked"
        kind = Type.DATE if "::date" in column.raw.text else column.type
        found += [(item.name, kind) for item in read]
    for reference in table.references:
        for key in reference.key:
            if cast := set(re.findall(r"::(\w+)", key.text)) - {"text"}:  # anything is a text
                assert "numeric" in cast
                found += [(name, Type.NUMERIC) for name in staged_columns(key)]
    keys = (table.row_id,) if isinstance(table, Fact) else table.natural_key
    for item in keys:
        found += [] if item.type is Type.TEXT else [(name, item.type) for name in staged_columns(item.raw)]
    return found


@pytest.mark.parametrize("table", VERSIONED, ids=lambda table: table.relation)
def test_every_cast_is_of_a_value_that_was_checked(table: Dimension | Fact) -> None:
    kinds = {field.column: field.kind for field in model_of(table).endpoint(table).staged_fields}
    wrong = [(name, kinds.get(name)) for name, kind in casts(table) if kinds.get(name) not in SAFE[kind]]
    assert wrong == []
    assert {kind for kinds in SAFE.values() for kind in kinds} == {*PATTERNS, Kind.JSON}


def test_reported_and_preferred_stand_side_by_side() -> None:
    for table in VERSIONED:
        names = [column.name for column in table.columns]
        for name in names:
            if name.endswith("_reported") and name != "type_reported":
                assert f"{name.removesuffix('_reported')}_preferred" in names, (table.relation, name)


def test_views_have_the_types_of_the_stored_columns(warehouse: Warehouse) -> None:
    with warehouse.engine.connect() as connection:
        for table in VERSIONED:
            view = sa.Table(table.relation, sa.MetaData(), schema="star", autoload_with=connection)
            stored = HISTORY[table.relation].columns
            for column in (item for item in table.columns if not item.is_masked):
                assert isinstance(view.c[column.name].type, type(stored[column.name].type))


def test_dimensions_are_made_before_what_points_to_them() -> None:
    order = [item.name for item in DIMENSIONS]
    for item in DIMENSIONS:
        assert all(order.index(reference.dimension) < order.index(item.name) for reference in item.references)


def test_every_view_column_has_a_meaning() -> None:
    for name, comment, _, columns in definitions():
        assert comment
        assert all(meaning for _, meaning, _ in columns), name
