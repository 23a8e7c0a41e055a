"""One sandbox for all tests of the provider, and hooks that talk to it without waiting."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from tenacity.wait import wait_none

from immport_provider.hooks.immport import ImmPortHook
from include.sources.endpoint import Endpoint
from include.sources.reader import read_rows
from tests.support.sandbox import RunningSandbox, running_sandbox

CANARY = "canary-7f3a-canary"


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(api_key=CANARY, token_seconds=1000) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: RunningSandbox) -> Iterator[RunningSandbox]:
    """A sandbox without faults that remembers this test's requests only."""
    _sandbox.clear_faults()
    _sandbox.clear_requests()
    yield _sandbox
    _sandbox.clear_faults()


@dataclass
class Waits:
    """Stands in for sleeping and for the clock: a wait passes at once and moves the time."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def clock(self) -> datetime:
        return self.now


@pytest.fixture
def waits() -> Waits:
    return Waits()


Connect = Callable[..., ImmPortHook]


@pytest.fixture
def connect(sandbox: RunningSandbox, waits: Waits, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """A hook on an Airflow connection with these fields; by default the sandbox and its key."""
    hooks: list[ImmPortHook] = []

    def make(*, extra: dict[str, Any] | None = None, **fields: Any) -> ImmPortHook:
        connection = {"conn_type": "immport", "host": sandbox.url, "password": CANARY, **fields}
        connection["extra"] = {"max_retries": 3, "calls_per_second": 0, **(extra or {})}
        monkeypatch.setenv("AIRFLOW_CONN_IMMPORT_DEFAULT", json.dumps(connection))
        hook = ImmPortHook(wait=wait_none(), sleep=waits.sleep, clock=waits.clock)
        hooks.append(hook)
        return hook

    yield make
    for hook in hooks:
        hook.__exit__()


class Stub(ThreadingHTTPServer):
    """A server that sends prepared answers, for those that the sandbox never sends."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), StubAnswer)
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.requests: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class StubAnswer(BaseHTTPRequestHandler):
    """The next of the stub's answers."""

    server: Stub

    def do_GET(self) -> None:
        self.server.requests.append((self.path, dict(self.headers)))
        status, headers, body = self.server.answers.pop(0)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def study(sandbox: RunningSandbox) -> str:
    """A study that the sandbox shares."""
    answer = sandbox.get("/api/search/study", pageSize=1, sourceFields="study_accession").json()
    sandbox.clear_requests()
    return str(answer["hits"]["hits"][0]["_source"]["study_accession"])


def rows_of(endpoint: Endpoint) -> Callable[[Iterator[bytes]], list[dict[str, object]]]:
    """Receives an answer as a list of rows."""
    return lambda chunks: list(read_rows(chunks, endpoint))


def statuses(sandbox: RunningSandbox) -> list[int | None]:
    """The status of every request, in order."""
    return [request["status"] for request in sandbox.requests()]
