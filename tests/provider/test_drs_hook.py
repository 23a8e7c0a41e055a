"""A DRS service as a client: bundles, several objects at once, versions, and URIs of both kinds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tenacity.wait import wait_none

from immport_provider.hooks.drs.bundle_files import download_bundle, files_of
from immport_provider.hooks.drs.drs import DrsHook
from immport_provider.hooks.drs.located import locate
from include.sources.drs.checksums import Checksum, of_children, read_checksum
from include.sources.drs.uris import CompactUri, HostUri, filled, object_address, parse
from include.sources.drs.versions import VERSIONS, base_of
from include.sources.errors import (
    BadAnswerError,
    ConfigurationError,
    ForbiddenAddressError,
    RequestError,
    WrongFileError,
)
from tests.provider.conftest import CANARY, Stub, Waits
from tests.provider.test_downloads import md5
from tests.support.sandbox import RunningSandbox


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch, waits: Waits) -> Iterator[Any]:
    """Makes hooks for a service."""
    made: list[DrsHook] = []

    def make(host: str, **extra: Any) -> DrsHook:
        connection: dict[str, Any] = {"conn_type": "drs", "host": host, "password": CANARY}
        connection["extra"] = {"max_retries": 1, "calls_per_second": 0, **extra}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection))
        made.append(DrsHook(wait=wait_none(), sleep=waits.sleep, clock=waits.clock))
        return made[-1]

    yield make
    for hook in made:
        hook.__exit__()


def seen(sandbox: RunningSandbox) -> list[str]:
    return [request["endpoint"] for request in sandbox.requests()]


@pytest.mark.parametrize("version", [VERSIONS[0], VERSIONS[-1]])
def test_a_bundle_comes_whole_from_every_version(
    hooks: Any, sandbox: RunningSandbox, study: str, tmp_path: Path, version: str
) -> None:
    drs = hooks(f"{sandbox.url}{base_of(version).removesuffix('/ga4gh/drs/v1')}")
    with drs:
        assert drs.service_info().version == version
        came = download_bundle(drs, f"{study}.{sandbox.status()['current']}", tmp_path)
    rows = sandbox.get(f"/api/study/manifest/{study}").json()
    found = {path: md5((tmp_path / path).read_bytes()) for path in came}
    assert {path: file.md5 for path, file in came.items()} == found
    assert set(found.values()) == {row["generatedMD5"] for row in rows} - {None}
    assert any("/" in path for path in came)
    assert ("drsObjects" in seen(sandbox)) == (version >= "1.4.0")


@pytest.mark.parametrize(("fault", "text"), [("wrong_size", "bytes"), ("wrong_md5", "md5")])
def test_a_bundle_that_is_not_its_members_is_wrong(
    hooks: Any, sandbox: RunningSandbox, study: str, fault: str, text: str
) -> None:
    with hooks(sandbox.url) as drs:
        assert list(files_of(drs, f"{study}.DR50"))
        sandbox.fault("drsObject", fault, times=1)
        with pytest.raises(WrongFileError, match=text):
            list(files_of(drs, f"{study}.DR50"))


def test_the_checksum_of_a_bundle_is_that_of_the_specification() -> None:
    children = [[Checksum("md5", "72794b6d")], [Checksum("md5", "5e089d29"), Checksum("sha-256", "1")]]
    (found,) = of_children(children)
    assert found == Checksum("md5", md5(b"5e089d2972794b6d"))
    assert read_checksum("SHA-256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=").value.startswith(
        "e3b0c442"
    )
    assert read_checksum("crc32c", "yZRlqg==") == Checksum("crc32c", "yZRlqg==")


def bundle(**change: Any) -> bytes:
    content = {"name": "one", "id": "b"}
    return json.dumps({"id": "a", "size": 1, "contents": [content], **change}).encode()


@pytest.mark.parametrize(
    ("contents", "text"),
    [
        ([{"name": "one", "id": "a"}], "contains itself"),
        ([{"name": "../one", "id": "b"}], "under the name"),
        ([{"name": "one", "id": "b"}, {"name": "one", "id": "c"}], "under the name"),
        ([{"name": "one", "drs_uri": ["drs://elsewhere.example.org/b"]}], "another service"),
    ],
)
def test_a_bundle_that_cannot_be_laid_out_is_refused(
    hooks: Any, stub: Stub, contents: list[Any], text: str
) -> None:
    answer: tuple[int, dict[str, str], bytes] = 200, {}, bundle(contents=contents)
    stub.answers = [answer, (404, {}, b""), answer]
    with hooks(stub.url) as drs, pytest.raises(BadAnswerError, match=text):
        list(files_of(drs, "a"))


def test_fewer_at_once_than_a_service_says_and_names_that_it_does_not_know(hooks: Any, stub: Stub) -> None:
    info = {"type": {"artifact": "drs", "version": "1.4.0"}, "maxBulkRequestLength": 4}
    one = {
        "resolved_drs_object": [{"id": "a"}],
        "unresolved_drs_objects": [{"error_code": 403, "object_ids": ["b"]}],
    }
    two = {"resolved_drs_object": [{"id": "c"}]}
    stub.answers = [
        (200, {}, json.dumps(info).encode()),
        (413, {}, b""),
        (200, {}, json.dumps(one).encode()),
        (200, {}, json.dumps(two).encode()),
        (404, {}, b""),
    ]
    with hooks(stub.url) as drs:
        found = drs.objects(["a", "b", "c", "d"])
    assert (sorted(found.found), found.missing) == (["a", "c"], {"b": 403, "d": 404})


def test_uris_of_both_kinds() -> None:
    host = parse("drs://Drs.example.org/a%2Fb")
    assert host == HostUri("drs.example.org", "a/b")
    assert str(host) == "drs://drs.example.org/a%2Fb"
    assert object_address(host) == "https://drs.example.org/ga4gh/drs/v1/objects/a%2Fb"
    assert parse("drs://mirror/drs.42:a/b:c") == CompactUri("mirror", "drs.42", "a/b:c")
    assert filled("https://x/{$id}", "a/b") == "https://x/a%2Fb" == filled("https://x/$id", "a/b")
    for wrong in (
        "http://x/y",
        "drs://x",
        "drs://x/",
        "drs://x/y/z",
        "drs://:1",
        "drs://a b/c",
        "drs://x/y?z",
    ):
        with pytest.raises(ValueError, match="of DRS"):
            parse(wrong)


def test_a_compact_identifier_leads_to_its_service_without_the_key(
    hooks: Any, sandbox: RunningSandbox, stub: Stub, study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("immport_provider.hooks.drs.located._PATTERNS", {})
    bundle_id = f"{study}.DR50"
    moved = stub.url.replace("127.0.0.1", "localhost")
    text = f"type: scheme\nredirect: {moved}/elsewhere/$id\n".encode()
    stub.answers = [
        (200, {"Content-Length": str(len(text))}, text),
        (302, {"Location": f"{sandbox.url}/ga4gh/drs/v1/objects/{bundle_id}"}, b""),
    ]
    with hooks(sandbox.url, resolver=stub.url) as drs:
        place = locate(drs, f"drs://mirror/drs.42:{bundle_id}")
        assert (place.drs, place.object_id) == (drs, bundle_id)
        assert place.drs.object(place.object_id).is_bundle
        assert [path for path, _ in stub.requests] == ["/mirror/drs.42:", f"/elsewhere/{bundle_id}"]
        assert not any("Authorization" in headers for _, headers in stub.requests)
        # The registry is not asked again for a day.
        stub.answers = [(401, {}, b"")]
        with pytest.raises(BadAnswerError, match="not an object of DRS"):
            locate(drs, "drs://mirror/drs.42:other")
        assert len(stub.requests) == 3


def test_identifiers_org_and_another_service(hooks: Any, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("immport_provider.hooks.drs.located._PATTERNS", {})
    other = stub.url.replace("127.0.0.1", "localhost")
    namespace = {"prefix": "drs.42", "_links": {"namespace": {"href": "https://x/restApi/namespaces/12{?p}"}}}
    resources = [
        {"urlPattern": "https://pages.example.org/{$id}", "official": True},
        {"urlPattern": f"{other}/ga4gh/drs/v1/objects/{{$id}}"},
        {"urlPattern": "https://old.example.org/ga4gh/drs/v1/objects/{$id}", "deprecated": True},
    ]
    stub.answers = [
        (200, {}, json.dumps(namespace).encode()),
        (200, {}, json.dumps({"_embedded": {"resources": resources}}).encode()),
        (200, {}, b"{}"),
        (200, {}, json.dumps({"id": "7", "size": 1}).encode()),
    ]
    with hooks("http://127.0.0.1:9", resolver=f"{stub.url}/restApi") as drs:
        place = locate(drs, "drs://drs.42:7")
        with place.drs as service:
            assert service.object(place.object_id).size == 1
    paths = [path for path, _ in stub.requests]
    assert paths[1] == "/restApi/resources/search/findAllByNamespaceId?id=12"
    assert paths[-1] == "/ga4gh/drs/v1/objects/7"
    assert not any("Authorization" in headers for _, headers in stub.requests)


def test_where_a_uri_may_not_lead(hooks: Any, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("immport_provider.hooks.drs.located._PATTERNS", {})
    drs = hooks("https://drs.example.org")
    with pytest.raises(ConfigurationError, match="names no resolver"):
        locate(drs, "drs://drs.42:7")
    with pytest.raises(ForbiddenAddressError):
        locate(drs, "drs://169.254.169.254/7")
    assert locate(drs, "drs://DRS.example.org/7").drs is drs
    assert locate(drs, "drs://other.example.org/7").drs.settings.key is None
    loop = f"{stub.url}/again/$id"
    stub.answers = [
        (200, {}, f"redirect: {loop}".encode()),
        *[(302, {"Location": f"/again/{number}"}, b"") for number in range(9)],
    ]
    with (
        hooks("http://localhost:9", resolver=stub.url) as drs,
        pytest.raises(RequestError, match="redirects"),
    ):
        locate(drs, "drs://drs.42:7")
