"""The page of the dictionary: tables and columns as the reader may see them, and diagrams with a policy."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re

from include.warehouse.reference.areas import areas
from tests.operations.conftest import VIEWER, Pages
from tests.support.warehouse import Warehouse


def columns(pages: Pages, **chosen: str) -> set[tuple[str, str]]:
    """Tables and columns that the page finds, for who reads only."""
    lines = csv.DictReader(io.StringIO(pages.get("/dictionary.csv", VIEWER, **chosen).text))
    return {(line["Table"], line["Column"]) for line in lines}


def test_every_column_of_star_and_mart_is_there(pages: Pages, warehouse: Warehouse) -> None:
    there = warehouse.rows(
        "select table_schema || '.' || table_name, column_name from information_schema.columns"
        " where table_schema in ('star', 'mart')"
    )
    found = columns(pages)
    assert {tuple(row) for row in there} <= found
    assert ("star.fact_hai", "") in found


def test_words_are_searched_in_names_and_meanings(pages: Pages) -> None:
    found = columns(pages, search="hai study_time")
    assert ("star.fact_hai", "study_time_key") in found
    assert ("star.fact_elisa", "study_time_key") not in found
    assert columns(pages, relation="fact_hai", search="no such word") == set()
    assert {table for table, _ in columns(pages, area="mart")}.isdisjoint({"star.fact_hai"})


def test_a_table_says_what_it_is(pages: Pages) -> None:
    text = pages.get("/dictionary", relation="fact_hai").text
    assert re.search(r"<code>star\.fact_hai</code>: \w+", text)


def test_each_diagram_is_a_picture_whose_style_the_policy_names(pages: Pages) -> None:
    for area in areas():
        answer = pages.get(f"/dictionary/diagram/{area.name}.svg", VIEWER)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/svg+xml"
        (style,) = re.findall(r"<style>([^<]*)</style>", answer.text)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert answer.headers["content-security-policy"] == f"default-src 'none'; style-src 'sha256-{digest}'"


def test_there_is_no_other_diagram(pages: Pages) -> None:
    assert pages.get("/dictionary/diagram/nothing.svg").status_code == 404
    assert pages.get("/dictionary/diagram/assays.svg", role=None).status_code in {401, 403}
