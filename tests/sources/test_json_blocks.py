"""Rows read by native code are those of the exact reader, whatever an answer holds and wherever it is cut."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from include.sources import json_blocks, reader
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.json_blocks import ExactBlock, NativeBlock, read_blocks
from include.sources.reader import NotDataError, cell, read_rows

ELISA = ENDPOINTS["elisa"]
NAMES = ("resultId", "comments", "valuePreferred")
Cells = list[list[str | None]]

_TEXTS = st.text(st.sampled_from('a,[]{}"\\:nul1 µ€😀\x7f\n\r\t/')) | st.text()
_NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)


def _json(text: str, style: int) -> str:
    """A text as JSON: as it is, all as escapes, or with a slash escaped, too."""
    return json.dumps(text, ensure_ascii=style == 1).replace("/", "\\/" if style == 2 else "/")


_VALUES = (
    st.builds(_json, _TEXTS, st.integers(0, 2))
    | _NUMBERS
    | st.sampled_from(["null", "true", "false", '"null"', '""', "[]", "{}", '["a",1]', '{"resultId":1}',
                       '[{"resultId":1},{"resultId":2}]', '"\\u0000"', '"\\ud800"', '"\\ud83d\\ude00"'])
)  # fmt: skip
_KEYS = st.sampled_from(
    [NAMES] * 9
    + [NAMES[::-1], (*NAMES, "new"), NAMES[:2], (*NAMES, "comments"), ("result\\u0049d", *NAMES[1:])]
)
_SPACES = st.sampled_from([""] * 30 + [" ", "\n", "\t \r"])


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Answers: usually compact rows of the same keys."""
    keys = draw(_KEYS)
    rows = []
    for _ in range(draw(st.integers(0, 7))):
        mine = keys if draw(st.integers(0, 9)) else draw(_KEYS)
        space = draw(_SPACES)
        rows.append("{" + ",".join(f'"{key}":{space}{draw(_VALUES)}' for key in mine) + space + "}")
    space = draw(_SPACES)
    return ("[" + f"{space},".join(rows) + space + "]" + draw(_SPACES)).encode("utf-8", "surrogatepass")


def exact(chunks: list[bytes]) -> tuple[Any, ...]:
    """Cells, keys that are repeated, keys of rows; the error after what came before it."""
    repeated: Counter[str] = Counter()
    rows: list[dict[str, object]] = []
    error = None
    try:
        rows.extend(read_rows(chunks, ELISA, repeated))
    except NotDataError as found:
        return (str(found),)
    assert error is None
    cells = [[cell(row.get(name)) for name in NAMES] for row in rows]
    return cells, repeated, Counter(map(frozenset, rows))


def native(chunks: list[bytes]) -> tuple[Any, ...]:
    repeated: Counter[str] = Counter()
    blocks: list[json_blocks.Block] = []
    try:
        blocks.extend(read_blocks(chunks, ELISA, repeated))
    except NotDataError as found:
        return (str(found),)
    cells: Cells = []
    keys: Counter[frozenset[str]] = Counter()
    for block in blocks:
        lines = block.lines(NAMES)
        rows = list(parsed(lines)) if lines is not None else unwritable(block)
        assert len(rows) == len(block)
        assert {tuple(row) for row in rows} == set(block.values(NAMES))
        cells += rows
        for names, count in block.key_sets():
            keys[names] += count
    return cells, repeated, keys


def unwritable(block: Any) -> Cells:
    """Rows of a block of the exact reader of which a value, for a good reason, is in no line."""
    assert isinstance(block, ExactBlock)
    rows: Cells = [[cell(row.get(name)) for name in NAMES] for row in block._rows]
    texts = [text for row in rows for text in row if text is not None]
    assert any(re.search("[\n\x00\ud800-\udfff]", text) for text in texts)
    return rows


def parsed(lines: bytes) -> Iterator[list[str | None]]:
    """Lines as COPY reads them: its options are `LINES`."""
    for line in lines.decode().split("\n")[:-1]:
        cells = re.findall(r'(?:^|,)(?:"((?:[^"\\]|\\.)*)"|([^",]*))(?=,|$)', line, re.DOTALL)
        yield [
            (re.sub(r'\\(["\\])', r"\1", quoted) if not plain else None if plain == "null" else plain)
            for quoted, plain in cells
        ]


def cut(body: bytes, places: list[int]) -> list[bytes]:
    return [body[start:end] for start, end in pairwise([0, *sorted(places), len(body)])]


CUTS = st.lists(st.integers(0, 600), max_size=4)


@given(bodies(), CUTS, st.sampled_from([40, 100, 300]))
def test_blocks_have_the_rows_that_the_exact_reader_reads(body: bytes, cuts: list[int], size: int) -> None:
    chunks = cut(body, cuts)
    with mock.patch.object(json_blocks, "BLOCK", size):
        assert native(chunks) == exact(chunks)


@given(bodies(), CUTS, st.sampled_from([40, 100]), st.data())
@example(b'[{"resultId":1},{"resultId":2}x', [], 40, None)
@example(b"[" + b'{"resultId":1,"comments":2},' * 9 + b'{"resultId":1,"\xffb":2}]', [], 40, None)
def test_broken_answers_end_with_the_same_error(
    body: bytes, cuts: list[int], size: int, data: st.DataObject | None
) -> None:
    if data is not None:
        at = data.draw(st.integers(0, len(body)))
        change = data.draw(
            st.sampled_from([b"", b"}", b"]", b",", b'"', b"\\", b"\xff", b"\n", b"\x00", b"x"])
        )
        kept = data.draw(st.sampled_from([0, 0, 1, 5, len(body)]))
        body = body[:at] + change + body[at + kept :]
    chunks = cut(body, cuts)
    with mock.patch.object(json_blocks, "BLOCK", size):
        assert native(chunks) == exact(chunks)


def usual(count: int) -> bytes:
    rows = ({"resultId": n, "comments": f'"{n}" \\ µ', "valuePreferred": None} for n in range(count))
    return json.dumps(list(rows), separators=(",", ":"), ensure_ascii=False).encode()


def test_usual_rows_are_read_by_native_code() -> None:
    body = usual(5_000)
    blocks = list(read_blocks([body], ELISA, Counter()))
    assert len(blocks) > 3
    assert all(isinstance(block, NativeBlock) for block in blocks)
    assert sum(map(len, blocks)) == 5_000
    assert b"".join(block.lines(NAMES) or b"" for block in blocks).startswith(
        b'0,"\\"0\\" \\\\ \xc2\xb5",null\n1,'
    )


@pytest.mark.parametrize(
    "odd",
    [b'{"resultId":"1"}', b'{"resultId":1,"comments":[1],"valuePreferred":null}',
     b'{"resultId":{"a":1},"comments":2,"valuePreferred":null}',
     b'{"resultId":1,"comments":"\\u00b5","valuePreferred":null}',
     b'{"resultId":1, "comments":2,"valuePreferred":null}',
     b'{"resultId":1,"resultId":2,"comments":2,"valuePreferred":null}'],
)  # fmt: skip
def test_an_odd_row_is_read_exactly_and_those_after_it_natively(odd: bytes) -> None:
    body = usual(5_000)
    half = body.index(b"},{", len(body) // 2) + 1
    blocks = list(read_blocks([body[:half] + b"," + odd + body[half:]], ELISA, Counter()))
    kinds = [type(block) for block in blocks]
    assert kinds.count(ExactBlock) == 1
    assert sum(map(len, blocks)) == 5_001


def test_an_answer_that_is_cut_between_objects_within_a_value_is_read_exactly() -> None:
    inner = b",".join([b'{"resultId":%d}' % n for n in range(9_000)])
    body = b'[{"resultId":1,"comments":[' + inner + b"]},{" + b'"resultId":2}]'
    assert native([body]) == exact([body])


@pytest.mark.parametrize("between", [b",", b", "])
def test_long_rows_and_rows_that_are_not_compact_are_read_exactly(
    monkeypatch: pytest.MonkeyPatch, between: bytes
) -> None:
    """However they are cut: nothing is read twice, or for ever."""
    monkeypatch.setattr(reader, "BLOCK", 100)
    monkeypatch.setattr(json_blocks, "BLOCK", 50)
    rows = [b'{"resultId":%d,"comments":"%s"}' % (n, b"x" * (300 if n == 5 else 3)) for n in range(9)]
    body = b"[" + between.join(rows) + b"]"
    assert native([body]) == exact([body])


def test_a_row_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_ROW", 1_000)
    monkeypatch.setattr(reader, "BLOCK", 100)
    monkeypatch.setattr(json_blocks, "BLOCK", 100)
    endless = iter([b'[{"a":"', *[b"x" * 100] * 100])
    with pytest.raises(NotDataError, match="a row of more than"):
        list(read_blocks(endless, ELISA, Counter()))
    assert next(endless, None) is not None
