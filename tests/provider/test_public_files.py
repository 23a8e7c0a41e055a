"""The hook of public files, against the sandbox and a server that sends prepared answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tenacity.wait import wait_none

from immport_provider.hooks.public_files import NotModified, PublicFilesHook
from include.sources.client import Received
from include.sources.endpoint import Endpoint, parse_fields
from include.sources.errors import (
    BadAnswerError,
    ConnectionLostError,
    CredentialError,
    ImmPortError,
    MissingFileError,
    RequestError,
    ServerError,
)
from include.sources.fetched.offering import Validators
from include.sources.gene_lists import files
from include.sources.gene_lists.files import PublicFile
from include.sources.gene_lists.json_forms import read_catalogue, read_list_json
from include.sources.row_reader import Intake
from tests.provider.conftest import CANARY, Stub, Waits
from tests.support.sandbox import RunningSandbox

LIST = "GO:0090716"


class Listed(Endpoint):
    """An endpoint whose address is that of a public file."""

    def address(self, scope: str, form: str) -> str:
        return files.PUBLIC_FILES[self.name].address(scope)


def endpoint(file: PublicFile) -> Endpoint:
    return Listed(file.name, file.path, parse_fields("id"), ("id",), file.about, needs_key=False)


CATALOGUE, LIST_JSON = endpoint(files.CATALOGUE), endpoint(files.LIST_JSON)
Connect = Callable[..., PublicFilesHook]


@pytest.fixture
def connect(sandbox: RunningSandbox, waits: Waits, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """A hook on a connection with these fields; by default the sandbox."""
    hooks: list[PublicFilesHook] = []

    def make(*, extra: dict[str, Any] | None = None, **fields: Any) -> PublicFilesHook:
        connection = {"conn_type": "immport_public", "host": sandbox.url, **fields}
        connection["extra"] = {"max_retries": 2, "calls_per_second": 0, **(extra or {})}
        monkeypatch.setenv("AIRFLOW_CONN_IMMPORT_PUBLIC", json.dumps(connection))
        hooks.append(PublicFilesHook(wait=wait_none(), sleep=waits.sleep, clock=waits.clock))
        return hooks[-1]

    sandbox.set_release("DR51")
    yield make
    for hook in hooks:
        hook.__exit__()


def body(chunks: Iterator[bytes]) -> bytes:
    return b"".join(chunks)


def genes(chunks: Iterator[bytes]) -> list[object]:
    return [row["symbol"] for row in read_list_json(chunks, LIST, Intake())]


def test_a_file_comes_with_its_validators(connect: Connect, sandbox: RunningSandbox) -> None:
    direct = sandbox.client.get(sandbox.url + files.LIST_JSON.address(LIST))
    hook = connect()
    found = hook.request(LIST_JSON, LIST, body)
    assert found == Received(
        direct.content, Validators(direct.headers["etag"], direct.headers["last-modified"])
    )
    assert hook.probe(LIST_JSON, LIST) == found.validators
    methods = [(seen["method"], seen["status"]) for seen in sandbox.requests()]
    assert methods == [("GET", 200), ("GET", 200), ("HEAD", 200)]


def test_what_did_not_change_does_not_come_again(connect: Connect, sandbox: RunningSandbox) -> None:
    hook, path = connect(), files.LIST_JSON.address("GO:0002218")
    first = hook.get(LIST_JSON, path, body)
    assert isinstance(first, Received)
    again = hook.get(LIST_JSON, path, body, first.validators)
    assert again == NotModified(first.validators)
    only_time = Validators(None, first.validators.last_modified)
    assert isinstance(hook.get(LIST_JSON, path, body, only_time), NotModified)
    sandbox.set_release("DR50")
    assert isinstance(hook.get(LIST_JSON, path, body, first.validators), Received)


def test_no_credentials_are_sent(connect: Connect, stub: Stub) -> None:
    stub.answers = [(200, {"Content-Length": "2"}, b"[]"), (200, {"Content-Length": "2"}, b"")]
    hook = connect(host=stub.url)
    hook.get(CATALOGUE, "/a b", body, Validators('"x"', "Wed, 21 Oct 2015 07:28:00 GMT"))
    hook.probe(CATALOGUE, "")
    (path, sent), *_ = stub.requests
    assert path == "/a%20b"
    assert "authorization" not in {name.lower() for name in sent}
    assert sent["If-None-Match"] == '"x"'
    with pytest.raises(ImmPortError, match="must be empty"):
        connect(password=CANARY).request(CATALOGUE, "", body)


@pytest.mark.parametrize("scope", ["GO:9", "GO:0006957"])
def test_a_file_that_is_not_there_is_not_requested_again(
    connect: Connect, sandbox: RunningSandbox, scope: str
) -> None:
    hook = connect()
    with pytest.raises(MissingFileError, match=rf"geneListJson of {scope}: 403; there is no such file"):
        hook.request(LIST_JSON, scope, body)
    assert hook.probe(LIST_JSON, scope) == Validators()
    assert [seen["status"] for seen in sandbox.requests()] == [403, 403]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("503", ServerError), ("cut", ConnectionLostError), ("html", BadAnswerError), ("half", BadAnswerError)],
)
def test_faults_that_may_pass_are_tried_again(
    connect: Connect, sandbox: RunningSandbox, fault: str, kind: type[ImmPortError]
) -> None:
    sandbox.fault(LIST_JSON.name, fault, times=2)
    assert len(connect().request(LIST_JSON, LIST, genes).content) >= 3
    sandbox.fault(LIST_JSON.name, fault)
    with pytest.raises(kind) as caught:
        connect().request(LIST_JSON, LIST, genes)
    assert (caught.value.study, caught.value.tries) == (LIST, 3)


@pytest.mark.parametrize(
    ("status", "kind"), [(401, CredentialError), (404, MissingFileError), (410, RequestError)]
)
def test_other_refusals_are_not(connect: Connect, stub: Stub, status: int, kind: type[ImmPortError]) -> None:
    stub.answers = [(status, {"Content-Length": "0"}, b"")]
    with pytest.raises(kind) as caught:
        connect(host=stub.url).request(CATALOGUE, "", body)
    assert (caught.value.status, len(stub.requests)) == (status, 1)


@pytest.mark.parametrize("status", [405, 501])
def test_a_server_without_head_says_nothing_of_versions(connect: Connect, stub: Stub, status: int) -> None:
    stub.answers = [(status, {"Content-Length": "0"}, b"")]
    assert connect(host=stub.url).probe(CATALOGUE, "") == Validators()


def test_not_modified_is_no_answer_to_a_request_without_a_version(connect: Connect, stub: Stub) -> None:
    stub.answers = [(304, {}, b"")]
    with pytest.raises(RequestError, match="HTTP 304"):
        connect(host=stub.url).request(CATALOGUE, "", body)


def test_a_file_of_several_lists_comes_once(connect: Connect, sandbox: RunningSandbox) -> None:
    hook = connect()

    def named(scope: str) -> Any:
        def read(chunks: Iterator[bytes]) -> list[object]:
            return [row["name"] for row in read_catalogue(chunks, scope, Intake())]

        return hook.request(CATALOGUE, scope, read)

    first, second = named(LIST), named("GO:0002218")
    assert (first.content, second.content) == (
        ["Adaptive immune memory response"],
        ["Activation of innate immune response"],
    )
    assert first.validators == second.validators
    assert [seen["status"] for seen in sandbox.requests()] == [200, 304]
    with pytest.raises(MissingFileError, match="geneListCatalogue of GO:9: no list 'GO:9' in the catalogue"):
        named("GO:9")
    sandbox.set_release("DR50")
    assert named("GO:0001867").content == ["Complement activation, lectin pathway"]


@pytest.mark.parametrize(
    "headers",
    [
        {"ETag": 'no quotes"', "Last-Modified": "yesterday"},
        {"ETag": '"' + "x" * 2000 + '"', "Last-Modified": "Wed, 99 Oct 99999999999 07:28:00 GMT"},
        {"ETag": '"\xe9"'},
        {},
    ],
)
def test_a_version_that_no_request_can_name_is_unknown(
    connect: Connect, stub: Stub, headers: dict[str, str]
) -> None:
    stub.answers = [(200, {"Content-Length": "2", **headers}, b"[]")] * 2
    hook = connect(host=stub.url)
    assert hook.request(CATALOGUE, "", body).validators == Validators()
    hook.request(CATALOGUE, "", body)
    assert "If-None-Match" not in stub.requests[1][1]


def test_the_connection_can_be_tested(connect: Connect, sandbox: RunningSandbox, stub: Stub) -> None:
    assert connect().test_connection() == (
        True,
        f"{sandbox.url.removeprefix('http://')} has the catalogue of gene lists.",
    )
    stub.answers = [(403, {"Content-Length": "0"}, b"")]
    works, said = connect(host=stub.url).test_connection()
    assert (works, "there is no such file" in said) == (False, True)
    assert connect(login="me").test_connection()[1].startswith("Correct the connection")


def test_calls_are_watched(connect: Connect, sandbox: RunningSandbox) -> None:
    calls: list[tuple[str, ...]] = []

    class Watch:
        def before(self, source: str) -> None:
            calls.append(("before", source))

        def answered(self, source: str, endpoint: str) -> None:
            calls.append(("answered", source, endpoint))

        def done_without(self, error: ImmPortError) -> None:
            raise AssertionError(error)

    hook = connect()
    hook.watch = Watch()
    hook.request(LIST_JSON, LIST, body)
    source = sandbox.url.removeprefix("http://")
    assert calls == [("before", source), ("answered", source, LIST_JSON.name)]
