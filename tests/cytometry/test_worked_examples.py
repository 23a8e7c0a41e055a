"""Every row of the worked examples that ImmPort publishes with its rules."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest

from include.cytometry.gating import read_definition
from include.cytometry.header_markers import Panel, read_panel
from include.cytometry.published_tables import read_tables
from include.cytometry.vocabulary import Vocabulary
from tests.support.cytometry import PUBLISHED, needs_published

pytestmark = needs_published
#: Cells that the published tables contradict, and what follows from the tables: example, row -> cell.
HEADER_BY_TABLES = {(4, 28): "146Nd_CD8a"}
GATING_BY_TABLES = {(4, 2): ("SSC-A subset", "SSC", ""), (10, 1): ("MNC", "monocyte", "")}


def examples(name: str) -> list[dict[str, Any]]:
    if not PUBLISHED.is_dir():
        return []
    found: list[dict[str, Any]] = json.loads((PUBLISHED / name).read_text())["examples"]
    return found


HEADERS, DEFINITIONS = examples("header_examples.json"), examples("population_examples.json")


@functools.cache
def vocabulary() -> Vocabulary:
    return read_tables(PUBLISHED)


def panel(example: dict[str, Any]) -> Panel:
    names = vocabulary().names(example["species"])
    return read_panel([(pair["pnn"], pair["pns"]) for pair in example["pairs"]], names)


def header_rows() -> list[Any]:
    return [
        pytest.param(example, row, id=f"{example['example']}-{row['parameter_number']}")
        for example in HEADERS
        for row in example["rows"]
    ]


@pytest.mark.parametrize(("example", "row"), header_rows())
def test_a_row_of_a_header(example: dict[str, Any], row: dict[str, Any]) -> None:
    number = row["parameter_number"]
    found = panel(example).parameters[number - 1]
    assert (found.pnn_reported, found.pns_reported) == (row["pnn_reported"], row["pns_reported"])
    assert found.pnn_preferred == row["pnn_preferred"]
    published = row["pns_preferred"]
    assert found.pns_preferred == HEADER_BY_TABLES.get((example["example"], number), published)


@pytest.mark.parametrize("example", HEADERS, ids=lambda example: str(example["example"]))
def test_a_panel(example: dict[str, Any]) -> None:
    published = example["panel_preferred"].split("|")
    for (number, row), cell in HEADER_BY_TABLES.items():
        if number == example["example"]:
            published[row - 1] = cell
    assert panel(example).preferred == "|".join(published)


@pytest.mark.parametrize("example", DEFINITIONS, ids=lambda example: str(example["example"]))
def test_a_definition(example: dict[str, Any]) -> None:
    found = read_definition(example["gating_definition_reported"], vocabulary().names(example["species"]))
    published = [tuple(row.values()) for row in example["rows"]]
    for (number, row), cells in GATING_BY_TABLES.items():
        if number == example["example"]:
            published[row - 1] = cells
    assert [(item.reported, item.preferred, item.accession or "") for item in found.elements] == published
    assert found.preferred == example["population_definition_preferred"]


def test_what_contradicts_the_tables_is_named_in_the_examples() -> None:
    named = {
        (example["example"], item["row"])
        for example in (*HEADERS, *DEFINITIONS)
        for item in example["contradictions"]
        if item["field"].endswith("_preferred") and "row" in item
    }
    assert named == {*HEADER_BY_TABLES, *GATING_BY_TABLES}
    assert (len(HEADERS), len(DEFINITIONS)) == (8, 8)
