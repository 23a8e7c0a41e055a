"""Signed addresses of a storage that verifies them: what it refuses, and what a download makes of that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from include.local.ports import free_port
from include.sources.errors import BadAnswerError
from tests.provider.conftest import CANARY, Connect, Stub
from tests.provider.test_downloads import CONTENT, file_of
from tests.provider.test_drs import sent
from tests.support.s3_gateway import S3Gateway, s3_gateway

pytestmark = pytest.mark.long
PATH, WEEK = "/files/SDY7/plate 1.txt", timedelta(days=7)


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Gateway]:
    with s3_gateway(tmp_path_factory.mktemp("s3"), free_port()) as gateway:
        gateway.put("/files")
        gateway.put(PATH, CONTENT)
        yield gateway


def access(url: str) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, json.dumps({"url": url}).encode()


def test_what_the_storage_refuses(storage: S3Gateway) -> None:
    url = storage.signed("GET", PATH)
    assert httpx.get(url).content == CONTENT
    part = httpx.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, CONTENT[10:20])
    assert httpx.get(url, headers={"Authorization": f"Bearer {CANARY}"}).status_code == 400
    assert httpx.get(f"{url[:-1]}{'0' if url[-1] != '0' else '1'}").status_code == 403
    assert httpx.get(storage.signed("GET", PATH, 60, timedelta(hours=1))).status_code == 403


def test_a_file_comes_by_drs_from_the_storage(
    connect: Connect, stub: Stub, storage: S3Gateway, tmp_path: Path
) -> None:
    stub.answers = [sent(), access(storage.signed("GET", PATH))]
    with connect(extra={"drs_address": stub.url}) as immport:
        found = immport.download(file_of(), tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == CONTENT
        assert found.requests == 1
        stub.answers = [sent(), access(storage.signed("GET", PATH))]
        (tmp_path / "part").write_bytes(CONTENT[:1000])
        assert immport.download(file_of(), tmp_path / "part").bytes_fetched == len(CONTENT) - 1000
        stub.answers = [sent(), access(storage.signed("GET", PATH))]
        with immport.parts(file_of()) as parts:
            parts.seek(200_000)
            assert parts.read(10) == CONTENT[200_000:200_010]


def test_an_address_that_expired_on_the_way_is_renewed(
    connect: Connect, stub: Stub, storage: S3Gateway, tmp_path: Path
) -> None:
    expired, fresh = storage.signed("GET", PATH, 60, WEEK), storage.signed("GET", PATH)
    stub.answers = [sent(), access(expired), access(fresh)]
    with connect(extra={"drs_address": stub.url}) as immport:
        immport.download(file_of(), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert not stub.answers


def test_a_tampered_address_gives_no_file(
    connect: Connect, stub: Stub, storage: S3Gateway, tmp_path: Path
) -> None:
    other = storage.signed("GET", PATH).replace("plate", "other")
    stub.answers = [sent(), *[access(other)] * 9]
    with (
        connect(extra={"drs_address": stub.url, "max_retries": 1}) as immport,
        pytest.raises(BadAnswerError, match="address that is not valid") as caught,
    ):
        immport.download(file_of(), tmp_path / "file")
    assert "X-Amz" not in str(caught.value)
