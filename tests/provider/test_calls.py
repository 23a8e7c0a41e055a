"""What a hook counts of its calls: every request, where it is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from immport_provider.hooks.client import EXCHANGE
from immport_provider.hooks.files.signed import FILE
from immport_provider.hooks.immport import ImmPortHook
from include.sources.calls import CallCount, CallCounts
from include.sources.errors import AccessError, ImmPortError, ServerError
from include.sources.immport.endpoints import DRS_DOWNLOAD, ENDPOINTS
from tests.provider.conftest import Connect, Stub, rows_of, statuses
from tests.provider.test_downloads import CONTENT, file_of, rest, signed, whole
from tests.support.sandbox import RunningSandbox

ARM = ENDPOINTS["arm"]


def fetch(hook: ImmPortHook, study: str) -> list[dict[str, object]]:
    return hook.fetch(ARM, study, rows_of(ARM))


def counted(hook: ImmPortHook, endpoint: str = ARM.name) -> CallCount:
    """What was counted of an endpoint at the host of the connection."""
    return hook.calls.take()[hook.settings.source, endpoint]


def test_a_good_answer_counts_with_its_bytes(connect: Connect, stub: Stub) -> None:
    body = b"[" + b" " * 5000 + b"]"
    stub.answers = [(200, {"Content-Length": str(len(body))}, body)]
    with connect(host=stub.url) as immport:
        fetch(immport, "SDY1")
        found = counted(immport)
        assert immport.calls.take() == {}
    assert (found.calls, found.retries, found.errors, found.refusals) == (1, 0, 0, 0)
    assert len(body) < found.size < len(body) + 1000  # headers are bytes that came, too
    assert 0 < found.slowest == found.seconds
    assert found.answered_at is not None
    assert found.failed_at is found.failure is None


def test_each_try_counts(connect: Connect, sandbox: RunningSandbox, study: str) -> None:
    sandbox.fault("arm", "503", times=2)
    with connect() as immport:
        fetch(immport, study)
        found = counted(immport)
    assert statuses(sandbox) == [503, 503, 200]
    assert (found.calls, found.retries, found.errors, found.refusals) == (3, 2, 2, 0)
    assert found.failure == "ServerError 503"
    assert found.slowest < found.seconds


def test_what_is_given_up_counts_with_all_its_tries(
    connect: Connect, sandbox: RunningSandbox, study: str
) -> None:
    sandbox.fault("arm", "503")
    with connect() as immport:
        with pytest.raises(ServerError):
            fetch(immport, study)
        found = counted(immport)
    assert (found.calls, found.retries, found.errors) == (4, 3, 4)
    assert found.answered_at is None


def test_a_refusal_is_not_a_failure_and_names_no_study(
    connect: Connect, sandbox: RunningSandbox, study: str
) -> None:
    sandbox.restrict(study)
    try:
        with connect() as immport:
            with pytest.raises(AccessError):
                fetch(immport, study)
            found = counted(immport)
    finally:
        sandbox.open_studies()
    assert (found.calls, found.errors, found.refusals) == (1, 1, 1)
    assert found.failure == "AccessError 403"


def test_the_exchange_of_a_password_counts_apart(connect: Connect, stub: Stub) -> None:
    stub.answers = [(200, {}, json.dumps({"access_token": "t0ken-" * 9}).encode()), (200, {}, b"[]")]
    with connect(host=stub.url, login="someone", password="secret") as immport:
        fetch(immport, "SDY1")
        found = immport.calls.take()
    host = immport.settings.source
    assert {key: count.calls for key, count in found.items()} == {(host, EXCHANGE): 1, (host, ARM.name): 1}


def test_a_refused_exchange_is_not_a_call_of_the_endpoint(connect: Connect, stub: Stub) -> None:
    stub.answers = [(400, {}, b"no")]
    with connect(host=stub.url, login="someone", password="secret") as immport:
        with pytest.raises(ImmPortError):
            fetch(immport, "SDY1")
        found = immport.calls.take()
    ((key, count),) = found.items()
    assert key == (immport.settings.source, EXCHANGE)
    assert (count.calls, count.errors, count.refusals) == (1, 1, 1)


def test_a_download_that_goes_on_counts_every_request(connect: Connect, stub: Stub, tmp_path: Path) -> None:
    stub.answers = [signed(stub), whole(sent=100_000), rest(100_000)]
    with connect(host=stub.url) as immport:
        immport.download(file_of(), tmp_path / "file")
        taken = immport.calls.take()
    host = immport.settings.source
    assert taken[host, DRS_DOWNLOAD.name].calls == 1
    found = taken[host, FILE]
    assert len(stub.requests) == 1 + found.calls == 3
    assert (found.retries, found.errors, found.refusals) == (1, 1, 0)
    assert found.failure == "ConnectionLostError"
    assert len(CONTENT) < found.size < len(CONTENT) + 3000


def test_an_address_that_is_requested_again_counts_as_a_retry(
    connect: Connect, stub: Stub, tmp_path: Path
) -> None:
    stub.answers = [(503, {}, b""), signed(stub), whole()]
    with connect(host=stub.url) as immport:
        immport.download(file_of(), tmp_path / "file")
        found = counted(immport, DRS_DOWNLOAD.name)
    assert (found.calls, found.retries, found.errors) == (2, 1, 1)


def test_an_error_of_this_side_is_none_of_the_source() -> None:
    counts = CallCounts()

    def receive() -> None:
        with counts.call("host", "arm") as call:
            call.size = 7
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        receive()
    ((_, found),) = counts.take().items()
    assert (found.calls, found.errors, found.size) == (1, 0, 7)
    assert found.answered_at is found.failed_at is None
