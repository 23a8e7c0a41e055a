"""TSV: the same rows wherever the body is cut, and never rows of a body that is not as it must be."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from include.sources import tsv
from include.sources.foreign import LONGEST_KEY
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.reader import NotDataError
from include.sources.tsv import NotTsvError, TsvBody, read_tsv
from include.sources.validate_answer import Confined, FilterIgnoredError, take_json, take_tsv

HAI = ENDPOINTS["hai"]
HEADER = "resultId\tvalueReported\tcomments"
BODY = f'{HEADER}\n7\t<10\tµ "x"\n8\t\t\n9\t1.00\t\n'.encode()
ROWS = [
    {"resultId": "7", "valueReported": "<10", "comments": 'µ "x"'},
    {"resultId": "8", "valueReported": None, "comments": None},
    {"resultId": "9", "valueReported": "1.00", "comments": None},
]


@pytest.fixture(params=[1, 9, tsv.BLOCK], ids="block={}".format)
def _block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so small that every line is one."""
    monkeypatch.setattr(tsv, "BLOCK", request.param)


@pytest.mark.usefixtures("_block")
def test_every_split_gives_the_same_rows() -> None:
    for cut in range(len(BODY) + 1):
        assert list(read_tsv([BODY[:cut], BODY[cut:]], HAI)) == ROWS
    assert list(read_tsv([BODY[at : at + 1] for at in range(len(BODY))], HAI)) == ROWS


@pytest.mark.usefixtures("_block")
def test_a_body_cut_within_a_line_is_refused() -> None:
    """The parser cannot detect a cut between two lines: the connection must check the length."""
    for end in range(len(BODY)):
        if BODY[:end].endswith(b"\n"):
            continue
        with pytest.raises((NotDataError, NotTsvError)):
            list(read_tsv([BODY[:end]], HAI))


@pytest.mark.usefixtures("_block")
@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (b"", NotDataError, "empty"),
        (b"\n", NotDataError, "empty"),
        (b"<html>\n", NotDataError, "HTML"),
        (b"comments\n1\n", NotTsvError, "without result_id"),
        (b"resultId\tresult_id\n1\t1\n", NotTsvError, "twice"),
        (f"{HEADER}\n1\t2\n".encode(), NotTsvError, "2 cells in line 2, 3 in the header"),
        (f"{HEADER}\n1\t2\t3\n1\t2\t3\t4\n".encode(), NotTsvError, "4 cells in line 3"),
        (f"{HEADER}\n\n".encode(), NotTsvError, "1 cells in line 2"),
        (f"{HEADER}\r\n1\t2\t3\r\n".encode(), NotTsvError, "CR"),
        (f"{HEADER}\n1\t2\ta\\tb\n".encode(), NotTsvError, "backslash"),
        (f'{HEADER}\n1\t2\t"a ""b"" c"\n'.encode(), NotTsvError, "quotes near line 2"),
        (f'{HEADER}\n"1"\t2\t3\n'.encode(), NotTsvError, "quotes"),
        (f"{HEADER}\n1\t2\t".encode() + b"\xff\n", NotTsvError, "UTF-8"),
    ],
)
def test_what_is_not_strict_is_refused(body: bytes, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        list(read_tsv([body], HAI))


def test_only_the_proven_header_is_accepted() -> None:
    assert sum(1 for _ in TsvBody([BODY], HAI, HEADER).blocks()) == 1
    with pytest.raises(NotTsvError, match="another header"):
        list(TsvBody([BODY], HAI, HEADER.upper()).blocks())


def test_a_header_alone_is_not_a_row() -> None:
    assert list(read_tsv([f"{HEADER}\n".encode()], HAI)) == []


def test_keys_are_counted_as_in_json() -> None:
    header = HEADER.replace("comments", "remarks")
    body = BODY.replace(HEADER.encode(), header.encode())
    intake = take_tsv([body], HAI, header)
    assert intake.rows == 3
    assert intake.unknown == {"remarks": 3}
    assert intake.missing == dict.fromkeys(set(HAI.names) - {"resultId", "valueReported"}, 3)


def test_a_key_of_megabytes_is_counted_under_a_short_name() -> None:
    """The count is kept beside the answer, in a note that is read as a whole."""
    found = take_json([b'[{"resultId":1,"%s":2,"\\ud800":3}]' % (b"k" * 5_000_000)], HAI).unknown
    header = f"{HEADER}\t{'k' * 5_000_000}"
    cells = take_tsv([f"{header}\n7\t<10\t\t1\n".encode()], HAI, header).unknown
    assert [list(counted.values()) for counted in (found, cells)] == [[1, 1], [1]]
    assert max(map(len, (*found, *cells))) <= LONGEST_KEY
    assert "\\ud800" in found


@pytest.mark.parametrize("form", ["json", "tsv"])
def test_rows_that_were_not_requested_are_found(form: str) -> None:
    def take(confined: Confined) -> None:
        if form == "tsv":
            take_tsv([b"resultId\tarmAccession\n1\tARM1\n2\t\n"], HAI, "resultId\tarmAccession", confined)
        else:
            body = b'[{"resultId":1,"armAccession":"ARM1"},{"resultId":2,"armAccession":null}]'
            take_json([body], HAI, confined)

    with pytest.raises(FilterIgnoredError, match="armAccession: a row of none"):
        take(Confined({"armAccession": "arm1"}))
    with pytest.raises(FilterIgnoredError, match="armAccession: a row of ARM1"):
        take(Confined({"armAccession": "ARM2,ARM3"}))
    blank = Confined({"armAccession": ""})
    take(blank)
    assert blank.ignored == {"armAccession"}


def test_memory_stays_flat() -> None:
    line = ("1" + "\tabc" * (len(HAI.names) - 1) + "\n").encode()

    def body() -> Iterator[bytes]:
        yield ("\t".join(HAI.names) + "\n").encode()
        for _ in range(2000):
            yield line * 100

    tracemalloc.start()
    assert take_tsv(body(), HAI, "\t".join(HAI.names)).rows == 200_000
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 16 * tsv.BLOCK
