"""What ImmPort really sent, beside what the sandbox sends for the same endpoint."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from include.sources.immport.endpoints import SHARED_DATA
from tests.sandbox.conftest import _shared, sandbox  # noqa: F401 - the fixtures
from tests.sandbox.data import SAMPLES, needs_data
from tests.support.sandbox import RunningSandbox

pytestmark = needs_data

#: Results as ImmPort's pages printed them in 2021, by sample: keys that answers have since got.
SINCE_2021 = {
    "elisa": {"analyteAccession"},
    "mbaa": {"analyteAccession"},
    "hlaTyping": {"locusName"},
    "pcr": {"analyteAccession", "geneSymbolReported", "geneSymbolPreferred"},
}
#: And those they had then and have no longer.
UNTIL_2021 = {"pcr": {"geneSymbol"}}
#: The endpoint of the sample that its page did not name.
UNNAMED = {"unknown": "elisa"}


def answered(sandbox: RunningSandbox, endpoint: str) -> list[dict[str, Any]]:  # noqa: F811 - the fixture
    studies = [hit["_id"] for hit in sandbox.get("/api/search/study").json()["hits"]["hits"]]
    found = []
    for study in studies:
        path, parameters = SHARED_DATA[endpoint].request(study)
        found += sandbox.get(path, **parameters).json()
    return found


def kind(value: Any) -> str:
    """The JSON type; 1 and 1.0 are both numbers, which is all JSON knows."""
    names: dict[type, str] = {str: "text", int: "number", float: "number", list: "list", dict: "object"}
    return names[type(value)]


def kinds(rows: list[dict[str, Any]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        for name, value in row.items():
            if value is not None:
                found.setdefault(name, set()).add(kind(value))
    return found


def hold_types(real: list[dict[str, Any]], ours: list[dict[str, Any]]) -> int:
    """Fields that both fill have the same type. Returns how many there are."""
    one, other = kinds(real), kinds(ours)
    assert {name: one[name] for name in one.keys() & other.keys()} == {
        name: other[name] for name in one.keys() & other.keys()
    }
    return len(one.keys() & other.keys())


@pytest.mark.parametrize(
    "path", [pytest.param(p, id=p.stem) for p in sorted(SAMPLES.glob("sample_result_*.json"))]
)
def test_results_have_the_keys_order_and_types_of_real_ones(
    sandbox: RunningSandbox,  # noqa: F811 - the fixture
    path: Path,
) -> None:
    sample = path.stem.removeprefix("sample_result_")
    real, ours = json.loads(path.read_text()), answered(sandbox, UNNAMED.get(sample, sample))
    gained, gone = SINCE_2021.get(sample, set()), UNTIL_2021.get(sample, set())
    assert real
    for row in real:
        assert [name for name in row if name not in gone] == [name for name in ours[0] if name not in gained]
        assert gone <= set(row)
    assert hold_types(real, ours) > 15


def test_the_manifest_has_the_keys_order_and_types_of_a_real_one(
    sandbox: RunningSandbox,  # noqa: F811 - the fixture
) -> None:
    path = SAMPLES.parent / "manifest" / "SDY1291_filepath_manifest.subset.json"
    real, ours = json.loads(path.read_text()), answered(sandbox, "manifest")
    assert {tuple(row) for row in real} == {tuple(row) for row in ours}
    assert hold_types(real, ours) == 12  # all but the three that are null everywhere
    assert {row["fileType"] for row in ours} | {"zip_file"} >= {row["fileType"] for row in real}


def test_the_study_has_the_keys_order_and_types_of_a_real_one(sandbox: RunningSandbox) -> None:  # noqa: F811 - the fixture
    real = json.loads((SAMPLES / "SDY1733" / "SDY1733_metadata.json").read_text())
    ours = answered(sandbox, "study")
    assert list(real[0]) == list(ours[0])
    assert hold_types(real, ours) > 15


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, id=p.stem.partition("_")[2]) for p in sorted((SAMPLES / "SDY1733").glob("*.csv"))],
)
def test_rows_of_a_study_have_the_keys_and_order_of_real_ones(
    sandbox: RunningSandbox,  # noqa: F811 - the fixture
    path: Path,
) -> None:
    """The answer was saved as CSV: only columns that are numeric in every row keep their type."""
    endpoint = SHARED_DATA[path.stem.partition("_")[2]]
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    ours = answered(sandbox, endpoint.name)
    assert rows
    assert header == list(ours[0]) == list(endpoint.names)
    numbers = {name for name, found in kinds(ours).items() if found == {"number"}}
    for name in numbers & set(header):
        for row in rows:
            text = row[header.index(name)]
            assert text == "" or float(text) is not None, (name, text)
