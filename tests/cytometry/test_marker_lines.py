"""Panels and definitions as lines of JSON: one in, one out, whatever is wrong with a line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from include.cytometry import marker_lines
from include.cytometry.marker_lines import LineResult, read_lines
from tests.support.cytometry import small_vocabulary

PANEL = {"species": "human", "parameters": [{"pnn": "FITC-A", "pns": "CD3 FITC"}, {"pnn": "SSC-A"}]}
DEFINITION = {"species": "Homo sapiens", "definition": "CD3+/x"}


def results(kind: str, *lines: bytes | dict[str, Any]) -> list[LineResult]:
    content = b"\n".join(json.dumps(line).encode() if isinstance(line, dict) else line for line in lines)
    return list(read_lines(kind, io.BytesIO(content), small_vocabulary()))


def test_a_panel() -> None:
    (result,) = results("header", PANEL)
    assert json.loads(result.json) == {
        "rows": [
            {"pnn_reported": "FITC-A", "pnn_preferred": "FITC-A",
             "pns_reported": "CD3 FITC", "pns_preferred": "hCD3E, FITC"},
            {"pnn_reported": "SSC-A", "pnn_preferred": "SSC", "pns_reported": "", "pns_preferred": "SSC"},
        ],
        "panel_preferred": "hCD3E, FITC|SSC",
        "unknown": ["FITC"],
    }  # fmt: skip
    assert (result.number, result.error, result.note) == (1, None, None)


def test_a_definition() -> None:
    (result,) = results("population", DEFINITION)
    assert json.loads(result.json) == {
        "rows": [
            {"population_marker_reported": "CD3+", "population_marker_preferred": "hCD3E+",
             "preferred_analyte_accession": "ANA1"},
            {"population_marker_reported": "x", "population_marker_preferred": "",
             "preferred_analyte_accession": ""},
        ],
        "definition_preferred": "NONE",
        "unknown": ["x"],
    }  # fmt: skip


WRONG = {
    "not JSON": (b"{", "Input data was truncated"),
    "text": (b"CD3+", "JSON is malformed"),
    "a list": (b"[]", "Expected `object`, got `array`"),
    "no species": (b'{"definition": "CD3"}', "Object missing required field `species`"),
    "no definition": (b'{"species": "human"}', "Object missing required field `definition`"),
    "a number": (b'{"species": "human", "definition": 3}', "Expected `str`, got `int` - at `$.definition`"),
    "null": (b'{"species": null, "definition": ""}', "Expected `str`, got `null` - at `$.species`"),
    "not UTF-8": (b'{"species": "\xff", "definition": ""}', "utf-8"),
    "half a character": (b'{"species": "\\ud800", "definition": ""}', "surrogate"),
    "two objects": (b'{"species": "human", "definition": ""} {}', "JSON is malformed"),
    "nested": (b'{"species": "a", "definition": "", "x": ' + b"[" * 100_000, "recursion"),
}


@pytest.mark.parametrize(("line", "why"), WRONG.values(), ids=WRONG)
def test_a_wrong_line_is_named_and_the_others_go_on(line: bytes, why: str) -> None:
    before, _, wrong, after = results(
        "population", DEFINITION, b'{"species":"rat","definition":""}', line, DEFINITION
    )
    assert before.json == after.json
    assert (wrong.number, after.number) == (3, 4)
    assert wrong.error is not None
    assert why in wrong.error
    assert json.loads(wrong.json) == {"line": 3, "error": wrong.error}


def test_a_wrong_parameter_is_named_by_its_place() -> None:
    (wrong,) = results("header", {"species": "human", "parameters": [{"pnn": "a"}, {"pns": "b"}]})
    assert wrong.error == "Object missing required field `pnn` - at `$.parameters[1]`"


def test_blank_lines_are_counted_and_have_no_result() -> None:
    found = results("population", b"\xef\xbb\xbf" + json.dumps(DEFINITION).encode(), b"", b" \r", b"x", b"")
    assert [(item.number, item.error is None) for item in found] == [(1, True), (4, False)]


def test_notes_name_the_species_and_the_separators() -> None:
    (result,) = results("population", {"species": "rat", "definition": "a/b;c,d"})
    assert result.note == (
        "no analytes of the species 'rat', other markers alone are looked up; "
        "more separators than the rules allow: slash, semicolon, comma"
    )


def test_a_line_that_is_too_long_is_not_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marker_lines, "LONGEST_LINE", 100)
    monkeypatch.setattr(marker_lines, "_CHUNK", 7)
    for length in (101, 106, 107, 108, 1000):
        found = results("population", DEFINITION, b"x" * length, DEFINITION)
        assert [item.error for item in found] == [None, "longer than 100 bytes", None]


def test_results_come_as_lines_are_read() -> None:
    class Endless(io.RawIOBase):
        """A file without an end."""

        def readline(self, size: int | None = -1, /) -> bytes:
            return json.dumps(DEFINITION).encode() + b"\n"

    reading: Iterator[LineResult] = read_lines("population", Endless(), small_vocabulary())  # type: ignore[arg-type]  # lines are all that is read
    assert [next(reading).number for _ in range(1000)] == list(range(1, 1001))
