"""The connection to IMPC: where its services and its files are, and what testing it says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tenacity.wait import wait_none

from immport_provider.hooks.impc import RELEASE_HOST, SOLR_HOST, ImpcHook, ImpcSettings
from include.sources.errors import ConfigurationError, ForbiddenAddressError
from include.sources.remote_files import RemoteFile
from tests.provider.conftest import CANARY
from tests.support.sandbox import RunningSandbox


def connected(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> ImpcHook:
    monkeypatch.setenv("AIRFLOW_CONN_IMPC_DEFAULT", json.dumps({"conn_type": "impc", **fields}))
    return ImpcHook(wait=wait_none(), sleep=lambda _: None)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (SOLR_HOST, RELEASE_HOST, None)),
        ({"host": "http://127.0.0.1:9"}, ("http://127.0.0.1:9",) * 3),
        (
            {"host": "https://solr.example.org", "extra": {"release_host": RELEASE_HOST}},
            ("https://solr.example.org", RELEASE_HOST, "https://solr.example.org"),
        ),
        (
            {"extra": {"file_host": "files.example.org"}},
            (SOLR_HOST, RELEASE_HOST, "https://files.example.org"),
        ),
    ],
)
def test_another_server_has_what_no_field_names(
    monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], expected: tuple[str | None, ...]
) -> None:
    settings = connected(monkeypatch, **fields).settings
    assert isinstance(settings, ImpcSettings)
    assert (settings.base, settings.release_base, settings.file_base) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"password": CANARY},
        {"host": "http://solr.example.org"},
        {"extra": {"release_host": f"https://me:{CANARY}@example.org"}},
        {"extra": {"file_host": "ftp://example.org"}},
        {"extra": {"page_size": 0}},
    ],
)
def test_a_connection_that_is_wrong_is_refused_without_its_secret(
    monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any]
) -> None:
    hook = connected(monkeypatch, **fields)
    with pytest.raises(ConfigurationError) as caught:
        _ = hook.settings
    assert CANARY not in str(caught.value)
    is_good, text = hook.test_connection()
    assert not is_good
    assert text.startswith("Correct the connection: ")


def test_the_test_says_how_many_documents_and_which_release(
    monkeypatch: pytest.MonkeyPatch, sandbox: RunningSandbox
) -> None:
    hook = connected(monkeypatch, host=sandbox.url, extra={"max_retries": 0, "calls_per_second": 0})
    is_good, text = hook.test_connection()
    assert is_good, text
    total = sandbox.client.get(f"{sandbox.url}/mi/impc/solr/impc_images/select?q=*:*&rows=0").json()
    assert f"has {total['response']['numFound']} documents; the newest release is DR24.0" in text
    sandbox.fault("impcMetadata", "404")
    assert hook.test_connection() == (
        False,
        f"{hook.settings.source} answers, but there are no metadata of a release.",
    )
    sandbox.fault("impcSelect", "503")
    is_good, text = hook.test_connection()
    assert not is_good
    assert "Check the address and the network" in text


def test_files_are_fetched_from_hosts_of_impc_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def address(hook: ImpcHook, of: str | None) -> str:
        return hook.file_address(RemoteFile("TCP", "i/1", "1.jpg", None, None, address=of)).url

    own = connected(monkeypatch, extra={"calls_per_second": 0})
    known = "https://www.ebi.ac.uk/mi/media/omero/webgateway/render_image/1?x=2"
    assert address(own, known + "#part") == known
    for strange in (
        "https://example.org/1", "http://www.ebi.ac.uk/1", "https://me@www.ebi.ac.uk/1", "file:///etc/hosts",
        None,
    ):  # fmt: skip
        with pytest.raises(ForbiddenAddressError):
            address(own, strange)
    stand_in = connected(monkeypatch, host="http://127.0.0.1:9", extra={"calls_per_second": 0})
    assert address(stand_in, "https://api.mousephenotype.org/a/b") == "http://127.0.0.1:9/a/b"
