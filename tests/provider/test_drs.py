"""Files by way of DRS: the same bytes, verified, and no key beyond the service."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from immport_provider.hooks.immport import ImmPortHook
from include.sources.errors import (
    AccessError,
    BadAnswerError,
    ImmPortError,
    MissingFileError,
    NotReadyError,
    WrongFileError,
)
from include.sources.remote_files import ListedFile
from tests.provider.conftest import CANARY, Connect, Stub, Waits
from tests.provider.test_downloads import CONTENT, file_of, md5, whole
from tests.support.sandbox import RunningSandbox

OBJECT = {
    "id": "00000007-aaaa",
    "self_uri": "drs://drs.immport.org/00000007-aaaa",
    "size": len(CONTENT),
    "created_time": "2024-01-01T00:00:00Z",
    "checksums": [{"type": "md5", "checksum": md5(CONTENT).upper()}],
    "access_methods": [{"type": "https", "access_id": "stream/1"}],
    "unknown": {"kept": "out"},
}


def sent(**change: Any) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, json.dumps({**OBJECT, **change}).encode()


@pytest.fixture
def immport(connect: Connect, sandbox: RunningSandbox) -> ImmPortHook:
    """A connection whose files come by DRS."""
    return connect(extra={"drs_address": sandbox.url})


@pytest.fixture
def file(immport: ImmPortHook, sandbox: RunningSandbox, study: str) -> ListedFile:
    """A file that has bytes."""
    found = next(file for file in immport.manifest(study) if file.kind == "study_file" and file.md5)
    sandbox.clear_requests()
    return found


def seen(sandbox: RunningSandbox) -> list[str]:
    return [request["endpoint"] for request in sandbox.requests()]


def test_a_file_and_parts_of_one_come_by_drs(
    immport: ImmPortHook, sandbox: RunningSandbox, file: ListedFile, tmp_path: Path
) -> None:
    with immport:
        found = immport.download(file, tmp_path / "file")
        assert (found.size_bytes, found.md5) == (file.size_bytes, file.md5)
        assert seen(sandbox) == ["drsObject", "drsAccess", "download"]
        with immport.parts(file) as parts:
            assert parts.read(10) == (tmp_path / "file").read_bytes()[:10]


def test_no_key_and_only_the_headers_of_drs_go_to_a_signed_address(
    connect: Connect, stub: Stub, tmp_path: Path
) -> None:
    url = f"{stub.url}/store/file?X-Amz-Signature=s1gn3d"
    access = json.dumps({"url": url, "headers": ["X-Pass: 0p3n"]}).encode()
    stub.answers = [sent(), (200, {}, access), whole()]
    with connect(extra={"drs_address": f"{stub.url}/ga4gh/drs/v1/"}) as immport:
        immport.download(file_of(), tmp_path / "file")
    (one, first), (two, second), (three, third) = stub.requests
    assert one == "/ga4gh/drs/v1/objects/00000007-aaaa"
    assert two == "/ga4gh/drs/v1/objects/00000007-aaaa/access/stream%2F1"
    assert first["Authorization"] == second["Authorization"] == f"Bearer {CANARY}"
    assert three.startswith("/store/file")
    assert "Authorization" not in third
    assert third["X-Pass"] == "0p3n"


def test_an_object_that_is_not_ready_is_waited_for(
    immport: ImmPortHook, sandbox: RunningSandbox, waits: Waits, file: ListedFile, tmp_path: Path
) -> None:
    for endpoint in ("drsObject", "drsAccess"):
        sandbox.fault(endpoint, "pending", times=1, retry_after=7)
    with immport:
        immport.download(file, tmp_path / "file")
        assert waits.slept == [7.0, 7.0]
        sandbox.fault("drsObject", "pending")
        with pytest.raises(NotReadyError, match=f"drsObject of {file.study}: HTTP 202"):
            immport.download(file, tmp_path / "other")


@pytest.mark.parametrize("fault", [None, "bare"])
def test_a_refusal_needs_no_body(
    immport: ImmPortHook, sandbox: RunningSandbox, file: ListedFile, tmp_path: Path, fault: str | None
) -> None:
    if fault:
        sandbox.fault("drsObject", fault)
    with immport, pytest.raises(MissingFileError, match="does not know it"):
        immport.download(replace(file, uuid="nobody knows/it"), tmp_path / "file")
    sandbox.restrict(file.study)
    try:
        with immport, pytest.raises(AccessError, match=file.study):
            immport.download(file, tmp_path / "file")
    finally:
        sandbox.restrict()


@pytest.mark.parametrize(
    ("fault", "kind", "text"),
    [
        ("wrong_md5", WrongFileError, "by DRS"),
        ("wrong_size", WrongFileError, "by DRS"),
        ("no_access", BadAnswerError, "no way to the bytes"),
        ("404", MissingFileError, "404"),
        ("html", BadAnswerError, "drsObject"),
        ("broken", BadAnswerError, "drsObject"),
        ("500", ImmPortError, "500"),
    ],
)
def test_what_drs_says_wrong_is_not_the_file(
    immport: ImmPortHook,
    sandbox: RunningSandbox,
    file: ListedFile,
    tmp_path: Path,
    fault: str,
    kind: type[ImmPortError],
    text: str,
) -> None:
    sandbox.fault("drsObject", fault)
    with immport, pytest.raises(kind, match=text):
        immport.download(file, tmp_path / "file")
    assert "download" not in seen(sandbox)
    assert not (tmp_path / "file").exists() or not (tmp_path / "file").stat().st_size


def test_an_address_that_comes_with_the_object_and_one_that_expired(
    immport: ImmPortHook, sandbox: RunningSandbox, file: ListedFile, tmp_path: Path
) -> None:
    sandbox.fault("drsObject", "inline", times=1)
    sandbox.fault("download", "expired", times=2)
    with immport:
        immport.download(file, tmp_path / "file")
    assert seen(sandbox)[:3] == ["drsObject", "download", "drsObject"]
    assert seen(sandbox)[-2:] == ["drsAccess", "download"]
    assert md5((tmp_path / "file").read_bytes()) == file.md5


@pytest.mark.parametrize("is_right", [True, False])
def test_where_the_md5_is_not_known_another_checksum_verifies(
    connect: Connect, stub: Stub, tmp_path: Path, is_right: bool
) -> None:
    digest = hashlib.sha256(CONTENT if is_right else b"").hexdigest()
    access = json.dumps({"url": f"{stub.url}/store/file"}).encode()
    described = sent(checksums=[{"type": "SHA256", "checksum": digest}], size=str(len(CONTENT)))
    stub.answers = [described, *[(200, {}, access), whole()] * 2]
    file = file_of(md5=None, size_bytes=None)
    with connect(extra={"drs_address": stub.url}) as immport:
        if is_right:
            assert immport.download(file, tmp_path / "file").md5 == md5(CONTENT)
            return
        with pytest.raises(WrongFileError, match="sha-256"):
            immport.download(file, tmp_path / "file")
    assert not (tmp_path / "file").exists()
