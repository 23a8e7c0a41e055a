"""IMPC's releases: a numbering of their own, and a file of several shapes."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from include.sources.impc.release import ImpcLine, ImpcRelease, read_day, read_metadata
from include.sources.reader import NotDataError
from include.sources.release import Release
from tests.sandbox.data import DATA

FILE = DATA / "impc" / "release_metadata.json"
CALLS = {"phenotypedGenes": 8707, "phentoypeCalls": 109504}
SHAPES: dict[str, Any] = {
    "one release": {"dataReleaseVersion": "24.0", "dataReleaseDate": "05-03-2026", "summaryCounts": CALLS},
    "counts by release": {
        "dataReleaseVersion": "24.0",
        "dataReleaseDate": "05-03-2026",
        "summaryCounts": {"24.0": CALLS, "22.1": {"phenotypedGenes": 1, "phentoypeCalls": 2}},
    },
    "by release": {
        "22.1": {"dataReleaseDate": "11-12-2024", "summaryCounts": {}},
        "DR24.0": {
            "dataReleaseDate": "2026-03-05",
            "summaryCounts": {"phenotypedGenes": "8707", "phenotypeCalls": 109504},
        },
    },
}


def test_releases_are_ordered_by_number_and_named_with_their_point() -> None:
    line = ImpcLine()
    names = ["dr24.0", "DR20.1", "22", "22.1"]
    assert [str(item) for item in sorted(map(line.parse, names))] == ["DR20.1", "DR22.0", "DR22.1", "DR24.0"]
    assert str(Release(24)) == "DR24"
    assert line.parse("24").number == "24.0"


@pytest.mark.parametrize("name", ["", "DR", "24.0.1", "DR24.123", "twenty"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a data release of IMPC"):
        ImpcLine().parse(name)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_metadata_are_read_in_each_shape(shape: str) -> None:
    found = read_metadata([json.dumps(SHAPES[shape]).encode()])
    assert (found.release, found.released) == (ImpcRelease(24), date(2026, 3, 5))
    assert (found.genes, found.calls) == (8707, 109504)


@pytest.mark.parametrize("text", ["{}", "[]", '{"dataReleaseVersion": "soon"}', "<html>", "17"])
def test_what_names_no_release_is_refused(text: str) -> None:
    with pytest.raises(NotDataError):
        read_metadata([text.encode()])


def test_a_day_that_cannot_be_read_is_unknown() -> None:
    assert [read_day(text) for text in ("31-02-2024", "soon", None, "2023-12-12T00:00:00Z")] == [
        None, None, None, date(2023, 12, 12)
    ]  # fmt: skip


@pytest.mark.skipif(not FILE.is_file(), reason=f"no real metadata of a release in {DATA}")
def test_the_real_metadata() -> None:
    found = read_metadata([FILE.read_bytes()])
    assert (str(found.release), found.released) == ("DR20.0", date(2023, 12, 12))
    assert (found.images, found.genes, found.calls) == (779372, 8707, 109504)
