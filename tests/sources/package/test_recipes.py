"""The declarations of a package: every endpoint has a recipe, every field a source, every header a place."""

from __future__ import annotations

import json

import pytest

from include.sources.endpoint import Endpoint, Field, Route
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.package.recipe import Join, Recipe, T, first
from include.sources.package.recipes import RECIPES, read_for
from include.sources.package.tables import NAMES, TABLES
from include.sources.package.unread import UNREAD_COLUMNS
from include.sql import Row, gap, sql
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


MISTAKES = {
    "column": {"values": {"name": first(T.no_such)}},
    "row": {"values": {"name": first(Row("arm").name)}},
    "table": {"source": sql("(select * from ", gap("no_such"), ")")},
    "column of a row it finds itself": {"values": {"name": first(Row("l", home="study_link").no_such)}},
    "join": {
        "joins": (Join("q", "study", sql("cross join ", gap("study"), " q on ", Row("q").no_such), {}),)
    },
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_recipe_cannot_read_what_is_not_there(mistake: str) -> None:
    with pytest.raises(ValueError, match=r"a recipe of biosample reads .*no such"):
        Recipe("biosample", **MISTAKES[mistake])  # type: ignore[arg-type]  # mistakes of several types


def test_a_value_of_a_recipe_does_not_repeat_what_its_name_says() -> None:
    for name, recipe in RECIPES.items():
        for item in ENDPOINTS[name].staged_fields:
            assert recipe.values.get(item.name) != first(T[item.column]), (name, item.name)


def test_a_header_name_is_read_or_not() -> None:
    for table in TABLES.values():
        read = {name for names in table.headers.values() for name in names}
        assert not read & table.unread, table.name
        assert table.optional <= table.holders.keys()
        assert set(table.key) <= table.holders.keys()


@needs_data
@pytest.mark.skipif(not HEADERS.is_file(), reason=f"no {HEADERS}")
def test_a_header_holds_one_column_in_each_layout() -> None:
    shared = set()
    for raw, releases in json.loads(HEADERS.read_text()).items():
        for release, header in releases.items():
            if raw not in NAMES:
                continue
            names = tuple(name.lower() for name in header)
            held = [at for places in TABLES[NAMES[raw]].places(names).values() for at in places]
            shared |= {(raw, release, names[at]) for at in held if held.count(at) > 1}
    # The file that was submitted had the name that the file had, before ImmPort gave files names of its own.
    assert shared == {("file_info", "DR16", "name"), ("protocol", "DR16", "file_name")}


def test_a_header_means_what_its_layout_says() -> None:
    def held(table: str, header: str) -> dict[str, list[str]]:
        names = tuple(header.split())
        return {
            column: [names[at] for at in places] for column, places in TABLES[table].places(names).items()
        }

    old = held("file_info", "file_info_id detail name purpose original_name")
    assert (old["detail"], old["original_file_name"]) == (["purpose"], ["original_name", "name"])
    new = held("file_info", "file_info_id detail name original_file_name")
    assert (new["detail"], new["original_file_name"]) == (["detail"], ["original_file_name"])
    assert "original_file_name" not in held("file_info", "file_info_id detail name")
    old = held("protocol", "protocol_accession description file_name summary")
    assert (old["description"], old["original_file_name"]) == (["summary"], ["file_name"])
    assert "original_file_name" not in held("protocol", "protocol_accession description file_name")
    assert "external_id" not in held("contract_grant", "contract_grant_id name")
    assert held("contract_grant", "contract_grant_id name title")["external_id"] == ["name"]


def test_what_is_not_read_has_one_reason() -> None:
    named = [pair for pairs in UNREAD_COLUMNS.values() for pair in pairs]
    assert len(named) == len(set(named))
    assert {table for table, _ in named} <= {*TABLES, "*"}


def test_every_declared_table_is_read() -> None:
    assert [name for name in TABLES if read_for(name) is None] == []
    assert read_for("mbaa_result") == "mbaa"
    assert read_for("fcs_header") == "fcs_header"
    assert read_for("workspace") is None


def test_routes_know_each_what_the_other_does_not() -> None:
    expsample = ENDPOINTS["expsample"]
    assert expsample.unknown_columns(Route.API) == {"description", "result_total_recs"}
    # Ages in years are computed by the API's views, and stand in packages of today.
    assert expsample.unknown_columns(Route.PACKAGE) == set()
    assert "download_packages" in ENDPOINTS["summary"].unknown_columns(Route.PACKAGE)
    assert Field("description").column in expsample.columns


@needs_data
@pytest.mark.skipif(not HEADERS.is_file(), reason=f"no {HEADERS}")
def test_every_header_that_was_seen_is_known() -> None:
    seen = json.loads(HEADERS.read_text())
    unknown = {}
    for raw, today in NAMES.items():
        table = TABLES[today]
        known = table.known
        for release, header in seen.get(raw, {}).items():
            if new := {name.lower() for name in header} - known:
                unknown[raw, release] = new
    assert unknown == {}
