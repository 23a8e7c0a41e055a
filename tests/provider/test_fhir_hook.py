"""The hook of a FHIR server, against a server that sends prepared answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tenacity.wait import wait_none

from immport_provider.hooks.fhir import FhirHook
from include.sources.errors import (
    BadAnswerError,
    ConfigurationError,
    CredentialError,
    ImmPortError,
    PagesExpiredError,
    RequestError,
    ServerError,
)
from include.sources.fhir.bundle import NEXT
from include.sources.fhir.endpoints import SEARCH, read_count
from tests.provider.conftest import CANARY, Stub, Waits

Connect = Callable[..., FhirHook]
#: A page of another host, as a server behind a proxy names it.
LINK = "http://elsewhere.invalid:8080/hapi/fhir?_getpages=abc&_getpagesoffset=20"


@pytest.fixture
def connect(stub: Stub, waits: Waits, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """A hook on a connection with these fields; by default the server with prepared answers."""
    hooks: list[FhirHook] = []

    def make(**fields: Any) -> FhirHook:
        connection = {"conn_type": "fhir", "host": f"{stub.url}/fhir", **fields}
        connection["extra"] = {"max_retries": 1, "calls_per_second": 0}
        monkeypatch.setenv("AIRFLOW_CONN_FHIR_DEFAULT", json.dumps(connection))
        hooks.append(FhirHook(wait=wait_none(), sleep=waits.sleep, clock=waits.clock))
        return hooks[-1]

    yield make
    for hook in hooks:
        hook.__exit__()


def answer(status: int, body: dict[str, Any] | str) -> tuple[int, dict[str, str], bytes]:
    content = (body if isinstance(body, str) else json.dumps(body)).encode()
    return status, {"Content-Length": str(len(content)), "Content-Type": "application/fhir+json"}, content


def outcome(words: str) -> dict[str, Any]:
    issue = {"severity": "error", "code": "processing", "diagnostics": words}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


BUNDLE = {"resourceType": "Bundle", "type": "searchset", "total": 3}


def test_links_are_followed_at_the_address_of_the_connection_and_the_key_goes_nowhere_else(
    connect: Connect, stub: Stub
) -> None:
    stub.answers = [answer(200, BUNDLE)]
    assert connect(password=CANARY).request(SEARCH, "Patient", read_count, page={NEXT: LINK}).content == 3
    ((path, sent),) = stub.requests
    assert path == "/fhir?_getpages=abc&_getpagesoffset=20"
    assert (sent["Authorization"], sent["Accept"]) == (
        f"Bearer {CANARY}",
        "application/fhir+json, application/json;q=0.9",
    )


def test_a_name_is_sent_with_its_password_and_nothing_without_either(connect: Connect, stub: Stub) -> None:
    stub.answers = [answer(200, BUNDLE)] * 2
    connect(login="anna", password=CANARY).request(SEARCH, "Patient", read_count)
    connect().request(SEARCH, "Patient", read_count)
    (_, named), (_, bare) = stub.requests
    assert base64.b64decode(named["Authorization"].removeprefix("Basic ")).decode() == f"anna:{CANARY}"
    assert "Authorization" not in bare


@pytest.mark.parametrize(
    ("status", "page", "kind", "tries"),
    [
        (410, {NEXT: LINK}, PagesExpiredError, 1),
        (404, {NEXT: LINK}, PagesExpiredError, 1),
        (410, {}, RequestError, 1),
        (400, {}, RequestError, 1),
        (401, {}, CredentialError, 1),
        (500, {}, ServerError, 2),
    ],
)
def test_a_refusal_is_of_its_kind_and_says_what_the_server_says(
    connect: Connect, stub: Stub, status: int, page: dict[str, str], kind: type[ImmPortError], tries: int
) -> None:
    stub.answers = [answer(status, outcome("the index is being built"))] * tries
    with pytest.raises(kind) as caught:
        connect().request(SEARCH, "Patient", read_count, page=page)
    assert (caught.value.status, caught.value.study, len(stub.requests)) == (status, "Patient", tries)
    assert ("error processing the index is being built" in str(caught.value)) is (
        kind is not PagesExpiredError
    )


@pytest.mark.parametrize("words", [f"sent with Bearer {CANARY}", CANARY])
def test_no_secret_that_a_server_repeats_is_in_an_error(connect: Connect, stub: Stub, words: str) -> None:
    stub.answers = [answer(400, outcome(words))]
    with pytest.raises(RequestError, match="words with a secret in them") as caught:
        connect(password=CANARY).request(SEARCH, "Patient", read_count)
    assert CANARY not in f"{caught.value!r} {caught.value}"


@pytest.mark.parametrize("body", ["<html>", "{", '"text"', '{"issue": []}'])
def test_an_error_without_an_outcome_is_one_all_the_same(connect: Connect, stub: Stub, body: str) -> None:
    stub.answers = [answer(400, body)]
    with pytest.raises(RequestError, match="HTTP 400"):
        connect().request(SEARCH, "Patient", read_count)


def test_an_outcome_with_status_200_is_no_answer(connect: Connect, stub: Stub) -> None:
    stub.answers = [answer(200, outcome("timeout"))] * 2
    with pytest.raises(BadAnswerError, match="instead of resources: error processing timeout"):
        connect().request(SEARCH, "Patient", read_count)


def test_the_connection_can_be_tested(connect: Connect, stub: Stub) -> None:
    about = {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.6.0",
        "software": {"name": "HAPI FHIR Server", "version": "5.6.0"},
    }
    stub.answers = [answer(200, about), answer(200, {**BUNDLE, "total": 0})]
    is_good, text = connect().test_connection()
    assert is_good
    assert "HAPI FHIR Server 5.6.0, FHIR 4.6.0; it has 0 studies" in text
    is_good, text = connect(host="https://user:secret@fhir.invalid").test_connection()
    assert (is_good, "secret" in text) == (False, False)
    with pytest.raises(ConfigurationError, match="use https"):
        _ = connect(host="http://fhir.invalid/fhir").settings
