"""The declarations of a package: every endpoint has a recipe, every field a source, every header a place."""

from __future__ import annotations

import json

import pytest

from include.sources.immport import ENDPOINTS
from include.sources.model import Endpoint, Field, Route
from include.sources.package import RECIPES, read_for
from include.sources.package_tables import NAMES, TABLES
from tests.sandbox.data import DATA, needs_data

HEADERS = DATA / "immport" / "schema" / "tab_headers.json"
PACKAGED = [item for item in ENDPOINTS.values() if item.is_packaged]


def test_every_packaged_endpoint_has_a_recipe_and_no_other() -> None:
    assert set(RECIPES) == {item.name for item in PACKAGED}
    assert {item.name for item in ENDPOINTS.values() if not item.is_packaged} == {"manifest"}


@pytest.mark.parametrize("endpoint", PACKAGED, ids=lambda item: item.name)
def test_every_field_has_a_source_or_is_declared_unknown(endpoint: Endpoint) -> None:
    recipe = RECIPES[endpoint.name]
    silent = {item.name for item in endpoint.staged_fields if recipe.value(item) is None}
    assert silent == endpoint.unpackaged
    assert endpoint.unpackaged <= set(endpoint.names)
    assert not {item.name for item in endpoint.of_package} & set(endpoint.names)


@pytest.mark.parametrize("endpoint", PACKAGED, ids=lambda item: item.name)
def test_a_recipe_reads_declared_tables_only(endpoint: Endpoint) -> None:
    """And declared columns, or Postgres refuses the query: all of them are run elsewhere."""
    recipe = RECIPES[endpoint.name]
    assert set(recipe.tables) <= set(TABLES)
    assert set(recipe.values) <= {item.name for item in endpoint.staged_fields}


def test_a_value_of_a_recipe_does_not_repeat_what_its_name_says() -> None:
    for name, recipe in RECIPES.items():
        for item in ENDPOINTS[name].staged_fields:
            assert recipe.values.get(item.name) != f"t.{item.column}", (name, item.name)


def test_a_header_name_holds_one_column_of_its_table() -> None:
    for table in TABLES.values():
        for other in table.headers.values():
            assert not set(other) & table.unread, table.name
        used = [name for names in table.headers.values() for name in names]
        # The NAME of a grant was its number before TITLE became the name.
        assert [name for name in set(used) if used.count(name) > 1] == (
            ["name"] if table.name == "contract_grant" else []
        )
        assert table.moved <= table.headers.keys()


def test_every_declared_table_is_read() -> None:
    assert [name for name in TABLES if read_for(name) is None] == []
    assert read_for("mbaa_result") == "mbaa"
    assert read_for("fcs_header") == "fcs_header"
    assert read_for("workspace") is None


def test_routes_know_each_what_the_other_does_not() -> None:
    expsample = ENDPOINTS["expsample"]
    assert expsample.unknown_columns(Route.API) == {"description", "result_total_recs"}
    assert "min_subject_age_in_years" in expsample.unknown_columns(Route.PACKAGE)
    assert Field("description").column in expsample.columns


@needs_data
@pytest.mark.skipif(not HEADERS.is_file(), reason=f"no {HEADERS}")
def test_every_header_that_was_seen_is_known() -> None:
    seen = json.loads(HEADERS.read_text())
    unknown = {}
    for raw, today in NAMES.items():
        table = TABLES[today]
        known = {name for names in table.headers.values() for name in names} | table.unread
        for release, header in seen.get(raw, {}).items():
            if new := {name.lower() for name in header} - known:
                unknown[raw, release] = new
    assert unknown == {}
