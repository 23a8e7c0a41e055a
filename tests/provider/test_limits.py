"""No answer lasts for ever: a source that drips bytes, in headers or in bodies, over real HTTP."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from include.sources.errors import AnswerTimeoutError, TooSlowError, is_request_too_large
from include.sources.immport.endpoints import SERVED
from include.sources.immport.vocabularies import TERM
from tests.provider.conftest import Connect, Stub, rows_of
from tests.support.sandbox import RunningSandbox

ARM, ELISA = SERVED["arm"], SERVED["elisa"]
#: Far below the hours that a whole answer would take at the pace of the tests' sources.
DEADLINE = {"max_retries": 1, "timeout": 5, "max_answer_seconds": 0.3, "min_bytes_per_second": 0}
#: The deadline is far beyond what the rate allows: without the rate a test fails, and does not wait for ever.
RATE = {"max_retries": 1, "timeout": 0.3, "max_answer_seconds": 20, "min_bytes_per_second": 1000}


class Dripping:
    """A server that sends these bytes one by one to whoever connects, then the last one for ever."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stopped = threading.Event()
        self.connections = 0
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._stopped.set()
        # Closing alone does not wake who accepts.
        with closing(socket.create_connection(self._listener.getsockname())):
            self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if self._stopped.is_set():
                    return
                self.connections += 1
                self._drip(connection)

    def _drip(self, connection: socket.socket) -> None:
        at = 0
        try:
            while not self._stopped.wait(0.02):
                last = self._text[-1:]
                connection.sendall(self._text[at : at + 1] or last)
                at += 1
        except OSError:
            return


HEADS = {
    "status line": b"HTTP/1.1 ",
    "headers": b"HTTP/1.1 200 OK\r\nX-Long: a",
    "body": b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n[ ",
    "chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5000000\r\n[ ",
    "chunk sizes": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0",
    "refusal": b"HTTP/1.1 503 No\r\nX-Long: a",
}


@pytest.fixture(params=HEADS)
def dripping(request: pytest.FixtureRequest) -> Iterator[Dripping]:
    with closing(Dripping(HEADS[request.param])) as server:
        yield server


@pytest.mark.parametrize(("extra", "kind"), [(DEADLINE, AnswerTimeoutError), (RATE, TooSlowError)])
def test_an_answer_that_drips_ends(
    connect: Connect, dripping: Dripping, extra: dict[str, float], kind: type[Exception]
) -> None:
    with connect(host=dripping.url, extra=extra) as immport, pytest.raises(kind) as caught:
        immport.fetch(ARM, "SDY1", rows_of(ARM))
    assert dripping.connections == 2
    assert f"arm of SDY1: {'too slow' if kind is TooSlowError else 'not answered whole within 0.3 s'}" in str(
        caught.value
    )
    assert is_request_too_large(caught.value) == (kind is AnswerTimeoutError)


@pytest.mark.parametrize(("extra", "kind"), [(DEADLINE, AnswerTimeoutError), (RATE, TooSlowError)])
def test_every_kind_of_call_ends(
    connect: Connect,
    sandbox: RunningSandbox,
    study: str,
    tmp_path: Path,
    extra: dict[str, float],
    kind: type[Exception],
) -> None:
    with connect() as immport:
        file = max(immport.manifest(study), key=lambda file: file.size_bytes or 0)
    sandbox.fault("*", "drip", seconds=0.02)
    with connect(extra=extra) as immport:
        for request in (
            immport.studies,
            lambda: immport.release_files(study),
            lambda: immport.fetch(ELISA, study, b"".join, form="tsv"),
            lambda: immport.request(TERM, "lkSex", b"".join),
            lambda: immport.download(file, tmp_path / "address"),
        ):
            with pytest.raises(kind):
                request()
    with connect(extra=extra, login="sandbox") as immport, pytest.raises(kind):
        immport.fetch(ARM, study, rows_of(ARM))
    sandbox.clear_faults()
    sandbox.fault("download", "drip", seconds=0.02)
    sandbox.clear_requests()
    # The deadline may be shorter than the time over which the rate is taken.
    slow = RATE if kind is TooSlowError else {**DEADLINE, "min_bytes_per_second": 1000}
    with connect(extra=slow) as immport, pytest.raises(TooSlowError, match="too slow"):
        immport.download(file, tmp_path / "file")
    # Bytes came each time, but too slowly: that is not getting on.
    assert len([request for request in sandbox.requests() if request["endpoint"] == "download"]) == 2
    sandbox.clear_faults()
    with connect() as immport:
        assert immport.download(file, tmp_path / "file").resumed_from > 0


def test_a_file_goes_on_after_the_deadline_of_an_answer(
    connect: Connect, stub: Stub, sandbox: RunningSandbox, study: str, tmp_path: Path
) -> None:
    with connect() as immport:
        file = max(immport.manifest(study), key=lambda file: file.size_bytes or 0)
    sandbox.fault("download", "drip", seconds=0.02, times=3)
    with connect(extra={**DEADLINE, "max_retries": 0}) as immport:
        done = immport.download(file, tmp_path / "file")
    assert done.size_bytes == file.size_bytes
    assert done.requests == 4
    assert len([request for request in sandbox.requests() if request["range"]]) == 3


def test_what_waits_for_the_receiver_is_not_slow(connect: Connect, stub: Stub) -> None:
    """Only the wait for bytes counts: a receiver may take its time over bytes that are there."""
    body = json.dumps([{"armAccession": "A" * 1_000_000}] * 3).encode()
    pause = threading.Event()

    def slowly(chunks: Iterator[bytes]) -> int:
        return sum(len(chunk) for chunk in chunks if not pause.wait(0.02))

    stub.answers = [(200, {"Content-Length": str(len(body))}, body)]
    with connect(host=stub.url, extra={"timeout": 0.3, "min_bytes_per_second": 1 << 24}) as immport:
        assert immport.fetch(ARM, "SDY1", slowly) == len(body)


def test_nothing_is_requested_without_a_limit(connect: Connect, sandbox: RunningSandbox) -> None:
    with connect() as immport, pytest.raises(LookupError):
        immport.get_conn().get("/data/query/api/search/study")
    assert sandbox.requests() == []
