"""A recipe reads of package tables what it says, and nothing else: the server has parsed its SQL."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from include.local.server import Server
from include.sources.endpoint import Endpoint
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.package.recipe import GIVEN, ROW_NUMBER, Recipe
from include.sources.package.recipes import RECIPES
from include.sources.package.tables import TABLES
from include.sql import ColumnOf
from include.warehouse.schema.statements import run_sql
from tests.warehouse.model.test_expressions import read_by_postgres

SCHEMA = "package"
GAPS = {**{name: f"{SCHEMA}.{name}" for name in TABLES}, **dict.fromkeys(GIVEN, "'DR1'")}


@pytest.fixture(scope="module")
def package(postgres: Server) -> Iterator[sa.Connection]:
    """A connection to a database with every table of a package, under the names of today, empty."""
    name = f"test_{os.getpid()}_{secrets.token_hex(4)}"
    engine = sa.create_engine(
        postgres.ensure_database(name), poolclass=sa.NullPool, isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        run_sql(connection, f"create schema {SCHEMA}")
        for table in TABLES.values():
            columns = ", ".join(f"{column} text" for column in table.columns)
            run_sql(connection, f"create table {SCHEMA}.{table.name} ({ROW_NUMBER} bigint, {columns})")
        yield connection
    engine.dispose()
    postgres.drop_database(name)


def declared(recipe: Recipe, endpoint: Endpoint) -> set[ColumnOf]:
    """All columns that a recipe states for its joins, its source and its fields."""
    values = filter(None, (recipe.value(item) for item in endpoint.staged_fields))
    return {column for expression in (*recipe._expressions(), *values) for column in expression.columns}


@pytest.mark.parametrize("name", RECIPES)
def test_a_field_reads_the_columns_that_it_says(name: str, package: sa.Connection) -> None:
    recipe = RECIPES[name]
    tables = [f"{GAPS[recipe.table]} t", *(f"{GAPS[join.table]} {join.alias}" for join in recipe.joins)]
    for item in ENDPOINTS[name].staged_fields:
        value = recipe.value(item)
        if value is None or value.column:  # a column and nothing else
            continue
        query = f"select {value.fill(GAPS)} as value from {', '.join(tables)}"
        stated = {(f"{SCHEMA}.{table}", column) for table, column in map(recipe._place, value.columns)}
        found = read_by_postgres(package, query)
        # The order of rows is part of no value: staging adds it.
        assert {pair for pair in found if pair[1] != ROW_NUMBER} == {
            pair for pair in stated if pair[1] != ROW_NUMBER
        }, item.name


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_reads_no_column_that_it_does_not_state(name: str, package: sa.Connection) -> None:
    recipe, endpoint = RECIPES[name], ENDPOINTS[name]
    stated: dict[str, set[str]] = {table: {ROW_NUMBER} for table in recipe.tables}
    for column in declared(recipe, endpoint):
        table, place = recipe._place(column)
        stated[table].add(place)
    only = {table: f"(select {', '.join(columns)} from {GAPS[table]})" for table, columns in stated.items()}
    run_sql(package, recipe.select(endpoint).fill({**GAPS, **only}))
