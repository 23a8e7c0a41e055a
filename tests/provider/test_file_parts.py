"""Parts of a file at its source: only what is read comes, and no signed address is shown anywhere."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from immport_provider.hooks.files.file_parts import BLOCK, LONGEST_START
from include.cytometry.fcs_header import read_headers
from include.sources.errors import BadAnswerError, ConnectionLostError, MissingFileError
from include.sources.remote_files import RemoteFile
from tests.provider.conftest import Connect, Stub, StubAnswer
from tests.support.cytometry import fcs, keywords_for, text_segment
from tests.support.sandbox import RunningSandbox

SIGNATURE = "X-Amz-Signature=s1gn3d"
PANEL = (("FSC-A", None), ("B530-A", "CD3"))


def two_data_sets(events: int = 3_000_000) -> bytes:
    """Two data sets, events between them."""
    first = fcs(text_segment(keywords_for(*PANEL)), events=b"e" * events)
    place = len(first) + 20
    first = fcs(text_segment(keywords_for(*PANEL, NEXTDATA=str(place))), events=b"e" * events)
    second = fcs(text_segment(keywords_for(("SSC-A", None))), events=b"f" * events)
    return first.ljust(place) + second


class Store(Stub):
    """A store of one file that sends ranges, or ignores them."""

    def __init__(self, content: bytes, *, sends_ranges: bool = True) -> None:
        super().__init__()
        self.content, self.sends_ranges = content, sends_ranges
        self.RequestHandlerClass = _Handler
        self.etag = '"v1"'


class _Handler(StubAnswer):
    server: Store

    def do_GET(self) -> None:  # noqa: N802 - as http.server names it
        self.server.requests.append((self.path, dict(self.headers)))
        if self.server.answers:
            status, headers, body = self.server.answers.pop(0)
        elif "/store/" not in self.path:
            url = f"{self.server.url}/store/file?{SIGNATURE}"
            status, headers = 200, {}
            body = json.dumps({"message": "Success", "url": url, "status": 200}).encode()
        else:
            status, headers, body = self._bytes()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            self.server.requests.append(("left", {}))

    def _bytes(self) -> tuple[int, dict[str, str], bytes]:
        content, wanted = self.server.content, self.headers.get("Range")
        tag = {"ETag": self.server.etag}
        if wanted is None or not self.server.sends_ranges:
            return 200, tag, content
        first, last = (int(text) for text in re.findall(r"\d+", wanted))
        if first >= len(content):
            return 416, {"Content-Range": f"bytes */{len(content)}"}, b""
        body = content[first : last + 1]
        return 206, tag | {"Content-Range": f"bytes {first}-{first + len(body) - 1}/{len(content)}"}, body


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(two_data_sets()) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def file_of(store: Store, **more: Any) -> RemoteFile:
    file = RemoteFile("SDY7", "00000007-aaaa", "a.fcs", len(store.content), None)
    return replace(file, **more)


def ranges(store: Store) -> list[str | None]:
    return [sent.get("Range") for path, sent in store.requests if "/store/" in path]


def test_headers_of_all_data_sets_come_by_two_ranges(
    store: Store, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    came: list[tuple[int, int]] = []
    with (
        connect(host=store.url) as immport,
        immport.parts(file_of(store), progress=lambda *both: came.append(both)) as content,
    ):
        found = list(read_headers(content, "a.fcs"))
    assert [[item.pnn for item in header.parameters] for header in found] == [["FSC-A", "B530-A"], ["SSC-A"]]
    assert found == list(read_headers(io.BytesIO(store.content), "a.fcs"))
    second = len(store.content) // 2
    assert ranges(store)[0] == f"bytes=0-{BLOCK - 1}"
    assert len(ranges(store)) == 2
    assert int(re.findall(r"\d+", str(ranges(store)[1]))[0]) == pytest.approx(second, abs=1000)
    assert came[-1][1] <= 2 * BLOCK
    assert SIGNATURE not in caplog.text


def test_a_store_without_ranges_is_read_as_far_as_it_takes(store: Store, connect: Connect) -> None:
    store.sends_ranges = False
    store.content = fcs(text_segment(keywords_for(*PANEL)), events=b"e" * 5_000_000)
    came: list[tuple[int, int]] = []
    with (
        connect(host=store.url) as immport,
        immport.parts(file_of(store), progress=lambda *b: came.append(b)) as it,
    ):
        first = next(read_headers(it, "a.fcs"))
    assert len(first.parameters) == 2
    assert came[-1][1] < 1_000_000 < len(store.content)
    store.content = two_data_sets(LONGEST_START)
    with connect(host=store.url) as immport, immport.parts(file_of(store)) as it:
        headers = read_headers(it, "a.fcs")
        with pytest.raises(BadAnswerError, match=r"a\.fcs: the store sends no ranges, .*download the file"):
            list(headers)


def test_what_is_read_is_what_the_file_has(store: Store, connect: Connect) -> None:
    with connect(host=store.url) as immport, immport.parts(file_of(store, size_bytes=None)) as it:
        local = io.BytesIO(store.content)
        for place, size in (
            (0, 10),
            (40_000, 50_000),
            (5, 5),
            (len(store.content) - 3, 10),
            (10**9, 4),
            (0, 0),
        ):
            for file in (it, local):
                file.seek(place)
            assert it.read(size) == local.read(size)
            assert it.tell() == local.tell()
        assert it.seek(-5, 2) == len(store.content) - 5
        assert it.read() == store.content[-5:]


def test_an_empty_file_has_no_bytes(store: Store, connect: Connect) -> None:
    store.content = b""
    with connect(host=store.url) as immport, immport.parts(file_of(store)) as it:
        assert (it.seek(0, 2), it.read(5)) == (0, b"")


def test_an_answer_that_broke_off_is_requested_again(store: Store, connect: Connect) -> None:
    short = {"Content-Length": "4096", "ETag": '"v1"', "Content-Range": f"bytes 0-32767/{len(store.content)}"}
    address = json.dumps({"message": "Success", "url": f"{store.url}/store/x?{SIGNATURE}", "status": 200})
    store.answers = [(200, {}, address.encode()), (503, {}, b""), (206, short, store.content[:4096])]
    with connect(host=store.url) as immport, immport.parts(file_of(store)) as it:
        assert it.read(6) == b"FCS3.1"
        it.seek(10_000)
        assert it.read(6) == store.content[10_000:10_006]
    assert len(ranges(store)) == 3


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        ((404, {}, b"<Code>NoSuchKey</Code>"), MissingFileError, "does not have it"),
        ((206, {}, b"FCS"), BadAnswerError, "206 without a Content-Range"),
        ((206, {"Content-Range": "bytes 0-2/9"}, b"FCS"), BadAnswerError, "where the manifest says"),
        ((206, {"Content-Range": "bytes 7-9/{size}"}, b"FCS"), BadAnswerError, "bytes from 7 on, where 0"),
        ((206, {"Content-Range": "bytes 0-2/{size}"}, b""), ConnectionLostError, "ended after 0 of"),
        ((200, {"Content-Length": "9"}, b"123456789"), BadAnswerError, "where the manifest says"),
    ],
)
def test_what_cannot_be_had_is_an_error_without_its_address(
    store: Store,
    connect: Connect,
    answer: tuple[int, dict[str, str], bytes],
    error: type[Exception],
    message: str,
) -> None:
    status, headers, body = answer
    headers = {name: value.replace("{size}", str(len(store.content))) for name, value in headers.items()}
    address = json.dumps({"message": "Success", "url": f"{store.url}/store/x?{SIGNATURE}", "status": 200})
    store.answers = [(200, {}, address.encode()), (status, headers, body)]
    hook = connect(host=store.url, extra={"max_retries": 0})
    with hook as immport, immport.parts(file_of(store)) as it, pytest.raises(error, match=message) as caught:
        it.read(10)
    assert "a.fcs" in str(caught.value)
    assert SIGNATURE not in f"{caught.value!r}{caught.value.__context__!r}{caught.value.__cause__!r}"


def test_another_version_is_not_mixed_in(store: Store, connect: Connect) -> None:
    with connect(host=store.url, extra={"max_retries": 0}) as immport, immport.parts(file_of(store)) as it:
        assert it.read(6) == b"FCS3.1"
        store.etag = '"v2"'
        it.seek(1_000_000)
        with pytest.raises(BadAnswerError, match="another version"):
            it.read(5)


def test_headers_come_from_the_store_of_the_sandbox(
    connect: Connect, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    """As ranges, and under its faults: an address that expired, no ranges, a store that has lost the file."""
    with connect() as immport:
        found = next(
            file
            for study in ("SDY1001", "SDY1002", "SDY1003", "SDY1004")
            for file in immport.manifest(study)
            if file.name.endswith(".fcs")
        )
        immport.download(found, tmp_path / "whole")
        whole = list(read_headers(io.BytesIO((tmp_path / "whole").read_bytes()), found.name))
        for fault in (None, "expired", "no_range", "cut"):
            if fault:
                sandbox.fault("download", fault, times=1)
            with immport.parts(found) as content:
                assert list(read_headers(content, found.name)) == whole
