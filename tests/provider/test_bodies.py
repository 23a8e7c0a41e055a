"""A compressed body is whole only if its own end says so, even cut where the compressor flushed."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.landing.zone import Fetch, Landing
from include.sources.errors import BadAnswerError, ConnectionLostError
from include.sources.immport.endpoints import SERVED
from include.sources.remote_files import RemoteFile
from tests.provider.conftest import Connect, Stub, rows_of
from tests.support.sandbox import RunningSandbox

ELISA, ARM = SERVED["elisa"], SERVED["arm"]
HEADER = "\t".join(ELISA.names)
ROWS = [f"{number}" + "\t" * (len(ELISA.names) - 1) for number in range(10_000)]
TSV = "".join(f"{line}\n" for line in (HEADER, *ROWS)).encode()
HALF = "".join(f"{line}\n" for line in (HEADER, *ROWS[:5_000])).encode()

Answer = tuple[int, dict[str, str], bytes]


def cut_at_a_flush(whole: bytes, *, wbits: int = 31) -> bytes:
    """What a server sends that compresses, flushes and ends too early."""
    packer = zlib.compressobj(wbits=wbits)
    return packer.compress(whole) + packer.flush(zlib.Z_SYNC_FLUSH)


def sent(body: bytes, coding: str = "gzip") -> Answer:
    return 200, {"Content-Encoding": coding, "Content-Length": str(len(body))}, body


def test_tsv_that_a_compressor_cut_between_two_rows_is_not_whole(
    connect: Connect, stub: Stub, tmp_path: Path
) -> None:
    landing, fetch = Landing(str(tmp_path)), Fetch("SDY1", "DR50", "20260101T000000Z-a")
    stub.answers = [sent(cut_at_a_flush(HALF))] * 4
    with connect(host=stub.url) as immport:

        def receive(chunks: Iterator[bytes]) -> Any:
            return landing.receive(fetch, ELISA, {}, chunks, tsv_header=HEADER)

        with pytest.raises(BadAnswerError, match="the trailer of gzip is missing"):
            immport.fetch(ELISA, "SDY1", receive, form="tsv")
        assert stub.answers == []
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]
        stub.answers = [sent(gzip.compress(TSV))]
        assert immport.fetch(ELISA, "SDY1", receive, form="tsv").rows == 10_000


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (sent(cut_at_a_flush(b"[]")), "trailer"),
        (sent(gzip.compress(b"[]")[:-1]), "trailer"),
        (sent(gzip.compress(b"[]")[:-8]), "trailer"),
        (sent(b""), "trailer"),
        (sent(gzip.compress(b"[]")[:-8] + b"\0" * 8), "broken compression"),
        (sent(gzip.compress(b"[]") + b"more"), "broken compression"),
        (sent(gzip.compress(b"[") + gzip.compress(b"]")[:-4]), "trailer"),
        (sent(b"no gzip"), "broken compression"),
        (sent(zlib.compress(b"[]"), "deflate"), "compressed as 'deflate', gzip was requested"),
        (sent(cut_at_a_flush(b"[]", wbits=15), "deflate"), "compressed as 'deflate'"),
        (sent(b"[]", "br"), "compressed as 'br'"),
        (sent(gzip.compress(gzip.compress(b"[]")), "gzip, gzip"), "compressed as 'gzip, gzip'"),
    ],
)
def test_a_compressed_body_without_its_end_is_refused(
    connect: Connect, stub: Stub, answer: Answer, reason: str
) -> None:
    with connect(host=stub.url, extra={"max_retries": 0}) as immport:
        stub.answers = [answer]
        with pytest.raises(BadAnswerError, match=reason):
            immport.fetch(ARM, "SDY1", rows_of(ARM))


def test_gzip_is_read_in_all_its_forms_and_nothing_else_is_accepted(connect: Connect, stub: Stub) -> None:
    rows = [{**dict.fromkeys(ARM.names), "armAccession": f"ARM{number}"} for number in range(5_000)]
    body = json.dumps(rows).encode()
    middle = len(body) // 2
    forms: list[Answer] = [
        sent(gzip.compress(body)),
        sent(gzip.compress(body), "x-gzip"),
        sent(gzip.compress(body), "GZIP"),
        sent(gzip.compress(body[:middle]) + gzip.compress(body[middle:])),
        sent(body, "identity"),
        (200, {"Content-Encoding": "gzip"}, gzip.compress(body)),
    ]
    with connect(host=stub.url, extra={"max_retries": 0}) as immport:
        for form in forms:
            stub.answers = [form]
            assert immport.fetch(ARM, "SDY1", rows_of(ARM)) == rows
    assert {headers["Accept-Encoding"] for _, headers in stub.requests} == {"gzip"}


def test_no_block_is_larger_than_a_megabyte_whatever_it_unpacks_to(connect: Connect, stub: Stub) -> None:
    stub.answers = [sent(gzip.compress(b" " * (40 << 20) + b"[]"))]
    with connect(host=stub.url) as immport:
        sizes = immport.fetch(ARM, "SDY1", lambda chunks: [len(chunk) for chunk in chunks])
    assert sum(sizes) == (40 << 20) + 2
    assert max(sizes) <= 1 << 20


@pytest.mark.parametrize(
    ("headers", "reason"),
    [({}, "unknown length"), ({"Content-Length": "4", "Content-Encoding": "gzip"}, "compressed on the way")],
)
def test_a_file_of_which_nothing_is_known_needs_a_stated_end(
    connect: Connect, stub: Stub, tmp_path: Path, headers: dict[str, str], reason: str
) -> None:
    address = json.dumps({"url": f"{stub.url}/store/file"}).encode()
    file = RemoteFile("SDY1", "uuid", "notes.txt", None, None)
    with connect(host=stub.url, extra={"max_retries": 0}) as immport:
        stub.answers = [(200, {}, address), (200, headers, b"half")]
        with pytest.raises(BadAnswerError, match=reason):
            immport.download(file, tmp_path / "file")
        stub.answers = [(200, {}, address), (200, {"Content-Length": "4"}, b"full")]
        assert immport.download(file, tmp_path / "other").size_bytes == 4


def test_the_sandbox_cuts_a_compressed_answer_at_a_flush(
    connect: Connect, sandbox: RunningSandbox, study: str
) -> None:
    whole = sandbox.get(*ELISA.request(study)[:1], **ELISA.request(study)[1]).json()
    with connect(extra={"max_retries": 1}) as immport:
        sandbox.fault("elisa", "gzip_cut", times=1)
        assert len(immport.fetch(ELISA, study, rows_of(ELISA))) == len(whole)
        sandbox.fault("elisa", "gzip_cut")
        for form in ("json", "tsv"):
            with pytest.raises((BadAnswerError, ConnectionLostError), match="trailer of gzip"):
                immport.fetch(ELISA, study, b"".join, form=form)
