"""A header or an address of a source may be any text: the error is one of ours, or there is none."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from include.sources.errors import BadAnswerError, ImmPortError, ServerError
from include.sources.immport.endpoints import SERVED
from include.sources.remote_files import RemoteFile
from tests.provider.conftest import Connect, rows_of

ARM = SERVED["arm"]
CONTENT = b"the whole of a file"
FILE = RemoteFile(
    "SDY1", "uuid-1", "a.txt", len(CONTENT), hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
)


@contextmanager
def answering(answer: Callable[[str], bytes]) -> Iterator[str]:
    """A server that sends these bytes, headers included, to each request, given as text; its address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            connection, _ = listener.accept()
            with connection:
                received = b""
                while not received.endswith(b"\r\n\r\n"):
                    block = connection.recv(1 << 16)
                    if not block:
                        break
                    received += block
                if not received:
                    return
                connection.sendall(answer(received.decode("latin-1")))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        socket.create_connection(listener.getsockname()).close()
        thread.join()
        listener.close()


def response(status: str, *headers: bytes, body: bytes = b"") -> bytes:
    """An answer, and that the connection ends with it."""
    lines = [f"HTTP/1.1 {status}".encode(), f"Content-Length: {len(body)}".encode(), b"Connection: close"]
    return b"\r\n".join([*lines, *headers, b"", body])


@pytest.mark.parametrize(
    "header",
    [
        b"Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        b"Mon, 01 Jan 2024 00:00:00 +99999999999999",
        b"-1",
        b"1e9",
        b"\xff",
        b";",
    ],
)
def test_a_wait_that_cannot_be_read_is_none(connect: Connect, header: bytes) -> None:
    with (
        answering(lambda _: response("503 No", b"Retry-After: " + header)) as url,
        connect(host=url, extra={"max_retries": 1}) as immport,
        pytest.raises(ServerError, match="HTTP 503"),
    ):
        immport.fetch(ARM, "SDY1", rows_of(ARM))


@pytest.mark.parametrize("place", [b"http://[bad", b"http://[::1", b"\xff", b"//a:b:c", b"https://[v1.x]/"])
def test_a_redirect_that_cannot_be_read_is_an_error_of_the_source(connect: Connect, place: bytes) -> None:
    with (
        answering(lambda _: response("302 Found", b"Location: " + place)) as url,
        connect(host=url, extra={"max_retries": 0}) as immport,
        pytest.raises(ImmPortError, match="arm of SDY1"),
    ):
        immport.fetch(ARM, "SDY1", rows_of(ARM))


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/\ud800",
        "http://xn--0/",
        "http://" + "a" * 300 + ".com/",
        "http://a..b/",
        "http://[::1]x/",
        "http://a]b/",
        "//",
        "",
    ],
)
def test_an_address_that_cannot_be_read_is_a_bad_answer(
    connect: Connect, tmp_path: Path, address: str
) -> None:
    body = json.dumps({"url": address}).encode()
    with (
        answering(lambda _: response("200 OK", body=body)) as url,
        connect(host=url, extra={"max_retries": 0}) as immport,
        pytest.raises(ImmPortError) as caught,
    ):
        immport.download(FILE, tmp_path / "part")
    assert "SDY1" in str(caught.value)
    assert not address or address not in str(caught.value)


@pytest.mark.parametrize("span", [b"bytes 9-18/" + b"9" * 5000, b"bytes 9-18/\xb2", b"bytes 9-/19", b"9"])
def test_a_range_that_cannot_be_read_is_a_bad_answer(connect: Connect, tmp_path: Path, span: bytes) -> None:
    part = tmp_path / "part"
    part.write_bytes(CONTENT[:9])
    with (
        _file(lambda _: response("206 Part", b"Content-Range: " + span, body=CONTENT[9:])) as url,
        connect(host=url, extra={"max_retries": 0}) as immport,
        pytest.raises(BadAnswerError, match="206 without a Content-Range"),
    ):
        immport.download(FILE, part)
    assert part.read_bytes() == CONTENT[:9]


@pytest.mark.parametrize("version", [b'"\xe9"', b'"a\tb"', b'W/"1"', b'"' + b"v" * 5000 + b'"'])
def test_a_download_goes_on_whatever_its_version_is_called(
    connect: Connect, tmp_path: Path, version: bytes
) -> None:
    def answer(request: str) -> bytes:
        tag = b"ETag: " + version
        if "range: bytes=9-" in request.lower():
            return response("206 Part", tag, b"Content-Range: bytes 9-18/19", body=CONTENT[9:])
        return response("200 OK", tag, body=CONTENT).removesuffix(CONTENT[9:])

    with _file(answer) as url, connect(host=url) as immport:
        immport.download(FILE, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT


@contextmanager
def _file(answer: Callable[[str], bytes]) -> Iterator[str]:
    """A server whose DRS names an address of its own."""
    base: list[str] = []

    def all_answers(request: str) -> bytes:
        if "/drs/" in request.partition("\r\n")[0]:
            return response("200 OK", body=json.dumps({"url": f"{base[0]}/bytes"}).encode())
        return answer(request)

    with answering(all_answers) as url:
        base.append(url)
        yield url
