"""Releases: when each was seen and loaded, what it changed, and two of them compared down to the row."""

from __future__ import annotations

import csv
import io

import pytest

from include.warehouse.model.registry import SOURCES
from include.warehouse.views.as_of import difference_function
from operations.database import query
from operations.pages.release_volume import volume
from tests.operations.conftest import VIEWER, Ledger, Pages
from tests.operations.test_study import lines
from tests.support.warehouse import Warehouse, hai, small_study

BOTH = {"source": "immport", "old": "DR1", "new": "DR2"}


@pytest.fixture
def study(warehouse: Warehouse) -> Warehouse:
    """A study at two releases: a result corrected, one gone and one new."""
    warehouse.load(small_study(), "DR1")
    warehouse.load(small_study(hai(1, "160"), hai(2, "<10", who=2), hai(9, "20")), "DR2")
    return warehouse


def rows(pages: Pages, **parameters: str) -> list[list[str]]:
    answer = pages.get("/releases/compare.csv", **{**BOTH, **parameters})
    return list(csv.reader(io.StringIO(answer.text)))[1:]


def test_each_release_has_its_times_and_scopes(pages: Pages, study: Warehouse, ledger: Ledger) -> None:
    ledger.begin("DR2")
    ledger.end()
    text = pages.get("/releases").text
    found = lines(text, "Releases of")
    assert [(row[0], row[5:]) for row in found] == [
        ("DR2", ["1", "0", "0", "0"]),
        ("DR1", ["1", "0", "0", "0"]),
    ]
    assert found[0][2].endswith("UTC")
    assert found[1][2] == "\N{EN DASH}"
    changed = {row[0]: row[1:] for row in lines(text, "Rows per table at DR2")}
    assert changed["fact_hai"] == ["1", "1", "1", "1"]
    first = {row[0]: row[1:] for row in lines(pages.get("/releases", release="DR1").text, "Rows per table")}
    assert first["fact_hai"] == ["3", "0", "0", "0"]


def test_a_study_that_failed_at_a_release_is_counted_until_it_is_loaded(
    pages: Pages, study: Warehouse, ledger: Ledger
) -> None:
    ledger.begin()
    ledger.work("SDY1", "load", "failed")
    ledger.work("SDY2", "load", "failed")
    assert lines(pages.get("/releases").text, "Releases of")[0][8] == "2"


def test_an_unknown_source_is_not_there(pages: Pages) -> None:
    for page in ("/releases", "/releases/compare", "/releases/volume"):
        assert pages.get(page, source="nothing").status_code == 404


def test_two_releases_are_compared_down_to_the_row(pages: Pages, study: Warehouse) -> None:
    text = pages.get("/releases/compare", **BOTH).text
    assert {row[0]: row[1:] for row in lines(text, "Rows per table")}["fact_hai"] == ["1", "1", "1", "1"]
    assert rows(pages, relation="fact_hai") == [
        ["SDY1", "1", "corrected", "value_reported", "40", "160"],
        ["SDY1", "3", "withdrawn", "", "", ""],
        ["SDY1", "9", "added", "", "", ""],
    ]
    assert [row[1] for row in rows(pages, relation="fact_hai", change="added")] == ["9"]
    assert [row[1] for row in rows(pages, relation="fact_hai", column="value_reported")] == ["1"]
    shown = pages.get("/releases/compare", **BOTH, relation="fact_hai").text
    assert "160" in shown


@pytest.mark.parametrize(
    "parameters",
    [{"relation": ""}, {"relation": "fact_elisa"}, {"old": "DR0"}, {"new": "DR77"}, {"old": "DR2"},
     {"scope": "SDY9"}, {"source": "gene_lists"}, {"source": "nothing"}],
)  # fmt: skip
def test_what_does_not_exist_has_no_rows(pages: Pages, study: Warehouse, parameters: dict[str, str]) -> None:
    assert rows(pages, **{"relation": "fact_hai", **parameters}) == []


def test_the_page_refuses_what_it_cannot_compare(pages: Pages, study: Warehouse) -> None:
    assert "is not earlier than" in pages.get("/releases/compare", old="DR2", new="DR1").text
    assert "Choose two releases" in pages.get("/releases/compare").text
    for wrong in ({"old": "DR77"}, {"relation": "pg_authid"}, {"scope": "SDY999"}):
        assert pages.get("/releases/compare", **{**BOTH, **wrong}).status_code == 404


def test_a_viewer_compares_no_study_that_is_hidden(pages: Pages, study: Warehouse) -> None:
    with study.engine.begin() as connection:
        connection.exec_driver_sql("update history.study_access set is_open = false")
    assert rows(pages, relation="fact_hai")
    for scope in ("", "SDY1"):
        answer = pages.get("/releases/compare.csv", VIEWER, **BOTH, relation="fact_hai", scope=scope)
        assert answer.text.count("\n") == 1


def test_every_source_can_be_compared() -> None:
    for model in SOURCES.values():
        assert f"{difference_function(model.source)}(" in query("release_rows"), model.source.name


def test_the_volume_of_a_release_is_all_that_was_added_and_not_withdrawn_before() -> None:
    def row(release: str, table: str, more: int) -> dict[str, object]:
        return {"release_version": release, "relation": table, "more": more}

    found = volume([row("DR1", "a", 5), row("DR1", "b", 1), row("DR2", "a", -2), row("DR3", "b", 3)])
    assert found["labels"] == ["DR1", "DR2", "DR3"]
    assert {item["name"]: item["values"] for item in found["series"]} == {"a": [5, 3, 3], "b": [1, 1, 4]}


def test_the_volume_of_a_warehouse(pages: Pages, study: Warehouse) -> None:
    text = pages.get("/releases/volume").text
    assert 'data-chart="stacked"' in text
    assert "fact_hai" in text
