"""The hook against the sandbox, over real HTTP, with faults switched on."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from tenacity import RetryCallState

from immport_provider.hooks.answers import Request, explained
from immport_provider.hooks.retries import BACKOFF
from include.landing.zone import Fetch, Landing, LandingError
from include.sources.endpoint import Endpoint
from include.sources.errors import (
    AccessError,
    AnswerTimeoutError,
    BadAnswerError,
    ConnectionLostError,
    CredentialError,
    ImmPortError,
    NoConnectionError,
    RateLimitError,
    RequestError,
    RetriableError,
    ServerError,
    is_request_too_large,
)
from include.sources.immport.endpoints import SERVED
from tests.provider.conftest import CANARY, Connect, Stub, Waits, rows_of, statuses
from tests.support.sandbox import RunningSandbox

ARM, ELISA, SUMMARY = SERVED["arm"], SERVED["elisa"], SERVED["summary"]


@pytest.mark.parametrize("endpoint", SERVED.values(), ids=list(SERVED))
def test_fetches_every_endpoint(endpoint: Endpoint, connect: Connect, study: str) -> None:
    with connect() as immport:
        rows = immport.fetch(endpoint, study, rows_of(endpoint))
    assert {str(row.get("studyAccession", study)) for row in rows} <= {study}
    assert all(tuple(row) == endpoint.names for row in rows)


def test_only_what_needs_the_key_gets_it(
    connect: Connect, study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, bool]] = []
    real = httpx.Client.send

    def send(client: httpx.Client, request: httpx.Request, **more: Any) -> httpx.Response:
        sent.append((request.url.path, "authorization" in request.headers))
        return real(client, request, **more)

    monkeypatch.setattr(httpx.Client, "send", send)
    with connect() as immport:
        immport.studies()
        immport.fetch(ARM, study, rows_of(ARM))
    assert sent == [("/data/query/api/search/study", False), (f"/data/query/api/study/arm/{study}", True)]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("429", RateLimitError),
        ("500", ServerError),
        ("502", ServerError),
        ("503", ServerError),
        ("504", ServerError),
        ("cut", ConnectionLostError),
        ("html", BadAnswerError),
        ("broken", BadAnswerError),
    ],
)
@pytest.mark.parametrize("endpoint", [ARM, SUMMARY], ids=["array", "object"])
def test_passing_faults_are_retried_and_lasting_ones_reported(
    fault: str,
    kind: type[RetriableError],
    endpoint: Endpoint,
    connect: Connect,
    sandbox: RunningSandbox,
    study: str,
    waits: Waits,
) -> None:
    undisturbed = sandbox.get(endpoint.request(study)[0]).json()
    sandbox.fault(endpoint.name, fault, times=3)
    sandbox.clear_requests()
    with connect() as immport:
        rows = immport.fetch(endpoint, study, rows_of(endpoint))
        assert len(rows) == (len(undisturbed) if isinstance(undisturbed, list) else 1)
        assert len(sandbox.requests()) == 4
        sandbox.fault(endpoint.name, fault)
        with pytest.raises(kind) as caught:
            immport.fetch(endpoint, study, rows_of(endpoint))
    assert len(sandbox.requests()) == 8
    assert len(waits.slept) == 6
    assert (caught.value.endpoint, caught.value.study, caught.value.tries) == (endpoint.name, study, 4)
    assert str(caught.value).startswith(
        f"127.0.0.1:{sandbox.url.rpartition(':')[2]}: {endpoint.name} of {study}:"
    )
    assert str(caught.value).endswith("(4 tries)")


def test_a_silent_source_is_a_timeout(connect: Connect, sandbox: RunningSandbox, study: str) -> None:
    sandbox.fault("arm", "hang")
    hook = connect(extra={"max_retries": 1, "timeout": 0.2})
    with hook as immport, pytest.raises(AnswerTimeoutError, match="nothing arrived in time") as caught:
        immport.fetch(ARM, study, rows_of(ARM))
    assert caught.value.tries == 2
    assert statuses(sandbox) == [None, None]


def test_a_closed_port_is_a_lost_connection(connect: Connect, study: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with (
        connect(host=f"http://127.0.0.1:{port}") as immport,
        pytest.raises(ConnectionLostError, match="no connection"),
    ):
        immport.fetch(ARM, study, rows_of(ARM))


@pytest.mark.parametrize(("fault", "kind"), [("401", CredentialError), ("403", AccessError)])
def test_refused_credentials_are_sent_once(
    fault: str, kind: type[ImmPortError], connect: Connect, sandbox: RunningSandbox, study: str
) -> None:
    sandbox.fault("*", fault)
    with connect() as immport, pytest.raises(kind) as caught:
        immport.fetch(ARM, study, rows_of(ARM))
    assert statuses(sandbox) == [int(fault)]
    assert (caught.value.status, caught.value.study) == (int(fault), study)
    assert not isinstance(caught.value, RetriableError)


def test_another_refusal_is_not_retried(connect: Connect, sandbox: RunningSandbox) -> None:
    with connect() as immport, pytest.raises(RequestError, match=r"arm of SDY999999: HTTP 404$") as caught:
        immport.fetch(ARM, "SDY999999", rows_of(ARM))
    assert statuses(sandbox) == [404]
    assert caught.value.status == 404


def test_a_missing_key_is_reported_before_any_request(
    connect: Connect, sandbox: RunningSandbox, study: str
) -> None:
    with connect(password=None) as immport, pytest.raises(CredentialError, match="holds no API key"):
        immport.fetch(ARM, study, rows_of(ARM))
    assert sandbox.requests() == []


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("status", ["429", "503"])
def test_waits_as_long_as_the_source_says(
    form: str, status: str, connect: Connect, sandbox: RunningSandbox, study: str, waits: Waits
) -> None:
    moment = waits.now.replace(microsecond=0) + timedelta(seconds=42)
    wait = 42 if form == "seconds" else format_datetime(moment, usegmt=True)
    sandbox.fault("arm", status, times=1, retry_after=wait)
    with connect() as immport:
        immport.fetch(ARM, study, rows_of(ARM))
    [slept] = waits.slept
    assert slept == (42 if form == "seconds" else pytest.approx(42, abs=1))


def test_a_wait_that_is_too_long_is_left_to_airflow(
    connect: Connect, sandbox: RunningSandbox, study: str, waits: Waits
) -> None:
    sandbox.fault("arm", "429", retry_after=3600)
    with connect() as immport, pytest.raises(RateLimitError, match="asks to wait 3600 s") as caught:
        immport.fetch(ARM, study, rows_of(ARM))
    assert caught.value.retry_after == 3600
    assert waits.slept == []
    assert len(sandbox.requests()) == 1


def test_waits_longer_and_differently_each_time() -> None:
    def waits_at(attempt: int) -> list[float]:
        state = RetryCallState(None, None, (), {})  # type: ignore[arg-type]  # the wait reads nothing else of it
        state.attempt_number = attempt
        return [BACKOFF(state) for _ in range(200)]

    assert max(waits_at(1)) <= 2
    late = waits_at(20)
    assert 15 < max(late) <= 30
    assert min(late) < 15
    assert len(set(late)) > 100


def test_a_proxy_is_not_used_for_this_machine(
    connect: Connect, study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with connect() as immport:
        assert immport.fetch(ARM, study, rows_of(ARM))


def test_every_try_receives_anew(connect: Connect, sandbox: RunningSandbox, study: str) -> None:
    sandbox.fault("arm", "cut", times=2)
    calls = count(1)

    def receive(chunks: Iterator[bytes]) -> tuple[int, int]:
        return next(calls), len(rows_of(ARM)(chunks))

    with connect() as immport:
        number, rows = immport.fetch(ARM, study, receive)
    assert (number, rows) == (3, len(sandbox.get(ARM.request(study)[0]).json()))


def test_a_cut_answer_is_landed_once_and_whole(
    connect: Connect, sandbox: RunningSandbox, study: str, tmp_path: Path
) -> None:
    landing, fetch = Landing(str(tmp_path)), Fetch(study, "DR50", "run")
    sandbox.fault("elisa", "cut", times=1)
    sandbox.fault("elisa", "broken", times=1)
    parameters = ELISA.request(study)[1]
    with connect() as immport:
        landed = immport.fetch(ELISA, study, lambda chunks: landing.receive(fetch, ELISA, parameters, chunks))
    assert len(sandbox.requests()) == 3
    assert landed.sha256 == sha256(sandbox.get(ELISA.path, **parameters).content).hexdigest()
    assert landed.rows == sum(1 for _ in landing.rows(landed, ELISA)) > 0
    assert (landed.missing_keys, landed.unknown_keys) == ({}, {})
    assert sorted(path.name for path in tmp_path.rglob("*.*") if path.is_file()) == [
        "elisa.json.gz",
        "elisa.landed.json",
    ]


def test_a_failing_receiver_is_not_the_sources_fault(
    connect: Connect, sandbox: RunningSandbox, study: str
) -> None:
    def receive(chunks: Iterator[bytes]) -> None:
        raise LandingError("disk full")

    with connect() as immport, pytest.raises(LandingError):
        immport.fetch(ARM, study, receive)
    assert len(sandbox.requests()) == 1


SECRET_FAULTS = ["401", "403", "429", "500", "503", "hang", "cut", "html", "broken"]


@pytest.mark.parametrize("login", [None, "sandbox"], ids=["key", "token"])
@pytest.mark.parametrize("fault", SECRET_FAULTS)
def test_no_secret_in_errors_or_logs(
    fault: str,
    login: str | None,
    connect: Connect,
    sandbox: RunningSandbox,
    study: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection"):
        caplog.set_level(logging.DEBUG, name)
    with capture_logs() as logged, connect(login=login, extra={"timeout": 0.5, "max_retries": 1}) as immport:
        immport.fetch(ARM, study, rows_of(ARM))
        secrets = {CANARY, immport._credential().secret}
        sandbox.fault("arm", fault)
        with pytest.raises(ImmPortError) as caught:
            immport.fetch(ARM, study, rows_of(ARM))
    error = caught.value
    output = caplog.text + f"{logged} {error} {error!r} {vars(error)} {immport.settings!r}"
    output += str(caught.getrepr(style="long", funcargs=False))
    assert caplog.records
    assert bool(logged) == isinstance(error, RetriableError)
    assert not [secret for secret in secrets if secret in output]


def test_a_redirect_is_neither_followed_nor_shown(
    connect: Connect, stub: Stub, study: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    location = f"{stub.url.replace('127.0.0.1', 'localhost')}/elsewhere?X-Amz-Signature=signed"
    stub.answers = [(302, {"Location": location}, b"")]
    hook = connect(host=stub.url)
    with (
        hook as immport,
        pytest.raises(RequestError, match="HTTP 302 to localhost; redirects") as caught,
    ):
        immport.fetch(ARM, study, rows_of(ARM))
    assert [path for path, _ in stub.requests] == [f"/data/query/api/study/arm/{study}"]
    assert "signed" not in str(caught.value) + caplog.text


@pytest.mark.parametrize(
    ("headers", "body", "kind"),
    [
        ({"Content-Encoding": "gzip"}, b"no gzip", BadAnswerError),
        ({"Content-Length": "99"}, b"[]", ConnectionLostError),
    ],
)
def test_a_body_that_is_not_what_its_headers_say(
    headers: dict[str, str], body: bytes, kind: type[ImmPortError], connect: Connect, stub: Stub, study: str
) -> None:
    stub.answers = [(200, headers, body)] * 2 + [(200, {}, b"[]")]
    with connect(host=stub.url) as immport:
        assert immport.fetch(ARM, study, rows_of(ARM)) == []
        stub.answers = [(200, headers, body)] * 4
        with pytest.raises(kind):
            immport.fetch(ARM, study, rows_of(ARM))


def test_only_200_is_data(connect: Connect, stub: Stub, study: str) -> None:
    stub.answers = [(206, {}, b"[]")] * 4
    with connect(host=stub.url) as immport, pytest.raises(BadAnswerError, match="HTTP 206"):
        immport.fetch(ARM, study, rows_of(ARM))


def test_a_part_is_requested_with_its_filters(connect: Connect, stub: Stub) -> None:
    stub.answers = [(200, {"Content-Length": "2"}, b"[]")]
    with connect(host=stub.url) as immport:
        filters = {"armAccession": "", "subjectAccession": "SUB1,SUB2"}
        immport.fetch(ELISA, "SDY1", b"".join, filters=filters, form="tsv")
    ((path, headers),) = stub.requests
    assert path == (
        "/data/query/result/elisa?studyAccession=SDY1&armAccession=&subjectAccession=SUB1%2CSUB2&format=tsv"
    )
    assert headers["Accept"] == "text/tab-separated-values"


@pytest.mark.parametrize(
    ("fault", "tried"), [("504", 1), ("hang", 1), ("503", 4), ("500", 4), ("429", 4), ("cut", 4), ("html", 4)]
)
def test_what_takes_too_long_is_not_tried_again_if_it_can_be_divided(
    fault: str, tried: int, connect: Connect, sandbox: RunningSandbox, study: str
) -> None:
    sandbox.fault("elisa", fault)
    with connect(extra={"timeout": 0.5}) as immport:
        with pytest.raises(RetriableError) as caught:
            immport.fetch(ELISA, study, rows_of(ELISA), filters={"armAccession": "ARM1"}, divisible=True)
        assert len(sandbox.requests()) == tried
        assert is_request_too_large(caught.value) == (tried == 1)
        assert f"elisa of {study} (armAccession=ARM1)" in str(caught.value)


def test_a_connection_that_is_not_made_is_not_a_request_too_large(connect: Connect) -> None:
    with connect() as immport:
        request = Request(ELISA, ELISA.path)
        with pytest.raises(NoConnectionError) as caught, explained(request, immport.settings.source):
            raise httpx.ConnectTimeout("")
    assert not is_request_too_large(caught.value)


def test_tsv_whose_end_is_not_marked_is_refused(connect: Connect, stub: Stub) -> None:
    body = b"resultId\n1\n"
    stub.answers = [(200, {}, body)] * 4
    with connect(host=stub.url) as immport:
        with pytest.raises(BadAnswerError, match="unknown length"):
            immport.fetch(ELISA, "SDY1", b"".join, form="tsv")
        stub.answers = [(200, {"Content-Length": str(len(body))}, body)]
        assert immport.fetch(ELISA, "SDY1", b"".join, form="tsv") == body
