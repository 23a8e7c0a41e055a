"""The reader: the same rows wherever the body is cut, and never rows of a body that is not whole."""

from __future__ import annotations

import json
import re
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sources import reader
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.reader import NotDataError, cell, read_json, read_rows
from tests.sandbox.data import DATA

ELISA, SUMMARY = ENDPOINTS["elisa"], ENDPOINTS["summary"]
BODY = '[{"resultId":7,"valuePreferred":1.00,"comments":"µ<50 \\"x\\\\","n":-1.5E+3}, {"a":null}\n]'.encode()
ROWS = [
    {"resultId": "7", "valuePreferred": "1.00", "comments": 'µ<50 "x\\', "n": "-1.5E+3"},
    {"a": None},
]


@pytest.fixture(params=[1, 7, reader.BLOCK], ids="block={}".format)
def _block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text buffers so small that every row is cut by their edges."""
    monkeypatch.setattr(reader, "BLOCK", request.param)


def rows(body: bytes, endpoint: reader.Endpoint = ELISA) -> list[dict[str, object]]:
    return list(read_rows([body], endpoint))


@pytest.mark.usefixtures("_block")
def test_every_split_gives_the_same_rows() -> None:
    for cut in range(len(BODY) + 1):
        assert list(read_rows([BODY[:cut], BODY[cut:]], ELISA)) == ROWS
    assert list(read_rows([BODY[i : i + 1] for i in range(len(BODY))], ELISA)) == ROWS


@pytest.mark.usefixtures("_block")
def test_every_proper_prefix_is_refused() -> None:
    for end in range(len(BODY)):
        with pytest.raises(NotDataError):
            list(read_rows([BODY[:end]], ELISA))


@pytest.mark.usefixtures("_block")
def test_every_prefix_of_a_bare_object_is_refused() -> None:
    body = b'{"studyAccession":"SDY1","subjectsNumber":12}'
    assert rows(body, SUMMARY) == [{"studyAccession": "SDY1", "subjectsNumber": "12"}]
    for end in range(len(body)):
        with pytest.raises(NotDataError):
            rows(body[:end], SUMMARY)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.lists(st.dictionaries(st.text(), _VALUES, max_size=4), max_size=5),
    st.booleans(),
    st.lists(st.integers(0, 400), max_size=6),
)
def test_reads_what_json_reads(sent: list[dict[str, object]], escaped: bool, cuts: list[int]) -> None:
    body = json.dumps(sent, ensure_ascii=escaped).encode()
    edges = [0, *sorted(cuts), len(body)]
    chunks = [body[start:end] for start, end in pairwise(edges)]
    wanted = json.loads(body, parse_int=str, parse_float=str)
    assert list(read_rows(chunks, ELISA)) == wanted


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", "an empty body"),
        (b" \n", "an empty body"),
        (b"<!DOCTYPE html><html></html>", "an HTML page"),
        (b"OK", "not a JSON array or object"),
        (b'{"status":500,"error":"x"}', "a JSON object without resultId where an array was expected"),
        (b'{"resultId":1} x', "text after the end of the JSON at byte 15"),
        (b"[1]", "an element that is not an object at byte 1"),
        (b'[{"a":1},[]]', "an element that is not an object at byte 9"),
        (b'[{"a":1}] []', "text after the end of the JSON at byte 10"),
        (b'[{"a":1}]<html>', "text after the end of the JSON at byte 9"),
        (b'[{"a":1} {"a":2}]', "broken JSON at byte 9"),
        (b'[{"a":1},]', "broken JSON at byte 9"),
        (b'[{"a":1}!', "broken JSON at byte 8"),
        (b'[{"a":1},{"a":', "cut short at byte 14"),
        (b'[{"a":1},{"a":"x', "cut short at byte 16"),
        (b'[{"a":1}', "cut short at byte 8"),
        (b"[", "cut short at byte 1"),
        ('[{"a":"µ"},!]'.encode(), "an element that is not an object at byte 12"),
        (b'[{"a":NaN}]', "NaN is not a JSON value"),
        (b'[{"a":-Infinity}]', "-Infinity is not a JSON value"),
        (b'[{"a":"\xff"}]', "not UTF-8"),
        (b'[{"a":"\xc3', "cut short at byte 8"),
        (b'[{"a":"1\n2"}]', "broken JSON"),
        (b'[{"a":' + b"[" * 100_000, "nested deeper than can be read"),
    ],
)
def test_says_what_was_found_instead(body: bytes, found: str) -> None:
    with pytest.raises(NotDataError, match=re.escape(found)):
        rows(body)


def test_tolerates_one_object_for_a_list_and_a_list_for_one_object() -> None:
    assert rows(b'{"resultId":1}') == [{"resultId": "1"}]
    assert rows(b'[{"studyAccession":"SDY1"}]', SUMMARY) == [{"studyAccession": "SDY1"}]
    for body in (b"[]", b'[{"a":1},{"a":2}]'):
        with pytest.raises(NotDataError, match="where one object was expected"):
            rows(body, SUMMARY)


def test_reads_an_empty_array_and_a_byte_order_mark() -> None:
    assert rows(b"[ ]") == []
    assert rows(b'\xef\xbb\xbf[{"a":1}]\r\n\t ') == [{"a": "1"}]


def test_a_row_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_ROW", 1000)
    monkeypatch.setattr(reader, "BLOCK", 100)
    endless = iter([b'[{"a":"', *[b"x" * 100] * 100])
    with pytest.raises(NotDataError, match="a row of more than"):
        list(read_rows(endless, ELISA))
    assert next(endless, None) is not None


def test_memory_stays_flat() -> None:
    row = json.dumps(dict.fromkeys(ELISA.names, "x" * 20)).encode()

    def chunks(count: int) -> Iterator[bytes]:
        yield b"[" + row
        for _ in range(count):
            yield b"," + row
        yield b"]"

    tracemalloc.start()
    try:
        assert sum(1 for _ in read_rows(chunks(20_000), ELISA)) == 20_001
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * reader.BLOCK < 20_000 * len(row)


def test_cells_keep_what_was_sent() -> None:
    body = (
        b'{"resultId":1,"a":1.00,"b":true,"c":null,"d":[1.50, {"e":"\xc2\xb5\\"","f":false}],"g":"","h":{}}'
    )
    [row] = rows(body)
    assert {name: cell(value) for name, value in row.items()} == {
        "resultId": "1",
        "a": "1.00",
        "b": "true",
        "c": None,
        "d": '[1.50,{"e":"µ\\"","f":false}]',
        "g": "",
        "h": "{}",
    }
    assert type(cell(row["a"])) is str


@pytest.mark.skipif(not DATA.is_dir(), reason="no real data: set IMMPORT_TEST_DATA")
@pytest.mark.parametrize("name", ["elisa", "filePath", "hlaTyping", "mbaa", "neutAbTiter", "pcr"])
def test_reads_real_answers_as_they_were_printed(name: str) -> None:
    body = (DATA / f"immport/api/sample_result_{name}.json").read_bytes()
    found = rows(body, ENDPOINTS[name])
    assert found == json.loads(body, parse_int=str, parse_float=str)
    for row in found:
        for field, value in row.items():
            sent = cell(value)
            assert sent is None or re.search(
                rf'"{field}": *"?{re.escape(json.dumps(sent)[1:-1])}"?', body.decode()
            )


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_a_key_twice_in_one_object_is_counted_once_per_row(size: int) -> None:
    body = (
        b'[{"a":1,"b":2,"a":3}, {"a":1,"n":{"x":1,"x":2,"y":[{"y":1,"y":1}]}}, {"a": 4, "a" :5 ,"a":6},'
        b'{"a":"b:1","b":"\\"a\\":"}]'
    )
    repeated: Counter[str] = Counter()
    chunks = (body[at : at + size] for at in range(0, len(body), size))
    rows = list(read_rows(chunks, ELISA, repeated))
    assert [row["a"] for row in rows] == ["3", "1", "6", "b:1"]  # the last value counts
    assert repeated == {"a": 2, "x": 1, "y": 1}


@pytest.mark.parametrize("depth", [1, 600])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"o":', "}")])
def test_a_value_is_kept_however_deep_it_is_nested(depth: int, opened: str, closed: str) -> None:
    text = opened * depth + '{"k":[1.00,null,"x\\"",true,{}]}' + closed * depth
    (row,) = read_rows([f'[{{"a":1,"new": {text} }}]'.encode()], ELISA, Counter())
    assert cell(row["new"]) == text


def test_a_small_answer_is_read_whole_or_not_at_all() -> None:
    repeated: Counter[str] = Counter()
    assert read_json([b'{"a": 1, "a": ', b'[2, 1e400, "x"]}'], repeated) == {"a": [2, float("inf"), "x"]}
    assert repeated == {"a": 1}
    assert read_json([b'{"n": ' + b"9" * 5_000 + b"}"]) == {"n": "9" * 5_000}
    for body, found in (
        (b"[" * 100_000, "nested deeper"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b" " * (65 << 20), "more than 64 MB"),
    ):
        with pytest.raises(NotDataError, match=found):
            read_json([body])
