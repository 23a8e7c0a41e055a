"""Parts of files: which a request wants, and what a storage that signs no addresses sends of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from airflow.sdk import ObjectStoragePath
from airflow.sdk.io import attach
from airflow.sdk.io.store import _STORE_CACHE
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem

from include.warehouse.schema.ops_tables import FILE_DOWNLOAD
from operations.drs.ranges import UnsatisfiableError, wanted
from tests.operations.conftest import Pages
from tests.operations.test_drs import CONTENTS, PATHS, address, digest, fetch, files, uuid
from tests.support.warehouse import Warehouse

__all__ = ["files"]
CONTENT = CONTENTS[PATHS[0]]
SIZE = len(CONTENT)


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", range(1)),
        ("bytes=5-", range(5, 100)),
        ("bytes=-7", range(93, 100)),
        ("bytes=-700", range(100)),
        ("Bytes = 98-1000 ", range(98, 100)),
        ("bytes=9-5", None),
        ("bytes=-", None),
        ("bytes=1-2,5-6", None),
        ("bytes=" + "9" * 19 + "-", None),
        ("bytes=\u0663-", None),
        ("rows=1-2", None),
    ],
)
def test_the_part_that_a_request_wants(header: str, part: range | None) -> None:
    assert wanted({"range": header}, '"v"', 100) == part
    assert wanted({"range": header, "if-range": '"v"'}, '"v"', 100) == part
    assert wanted({"range": header, "if-range": '"other"'}, '"v"', 100) is None


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-5", 0)]
)
def test_a_part_that_is_not_there(header: str, size: int) -> None:
    with pytest.raises(UnsatisfiableError):
        wanted({"range": header}, '"v"', size)


class Streaming(MemoryFileSystem):
    """A storage whose files can be read from their beginning alone, as those of some web servers."""

    does_seek = True

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        file = super()._open(path, mode, **options)
        if not self.does_seek:
            file = _OneWay(self, path, file.getvalue())
        return file


class _OneWay(MemoryFile):
    def seek(self, offset: int, whence: int = 0) -> int:
        if offset or whence:
            raise ValueError("Cannot seek streaming file")
        return super().seek(0)


@pytest.fixture(params=[True, False], ids=["seeks", "streams"])
def storage(
    request: pytest.FixtureRequest, files: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> Streaming:
    """A storage that holds the first file."""
    # Airflow remembers the first storage of a name.
    monkeypatch.delitem(_STORE_CACHE, "memory", raising=False)
    system = Streaming()
    location = f"memory://bucket/{PATHS[0]}"
    system.pipe_file(ObjectStoragePath(location).path, CONTENT)
    system.does_seek = request.param
    attach("memory", fs=system)
    with warehouse.engine.begin() as connection:
        of_file = sa.update(FILE_DOWNLOAD).where(FILE_DOWNLOAD.c.file_uuid == uuid(1))
        connection.execute(of_file.values(location=location))
    return system


def test_a_storage_that_signs_nothing_sends_parts_where_it_can(pages: Pages, storage: Streaming) -> None:
    signed = address(pages, 1)

    def part(wanted: str, **headers: str) -> httpx.Response:
        client = pages.clients["all"]
        client.headers.update({"Range": wanted, **headers})
        try:
            return fetch(pages, signed)
        finally:
            for name in ("Range", *headers):
                del client.headers[name]

    found = part("bytes=10-19", **{"If-Range": f'"{digest(CONTENT)}"'})
    if storage.does_seek:
        assert (found.status_code, found.content) == (206, CONTENT[10:20])
        assert (found.headers["content-range"], found.headers["content-length"]) == (
            f"bytes 10-19/{SIZE}",
            "10",
        )
        assert part("bytes=-3").content == CONTENT[-3:]
    else:
        assert (found.status_code, found.content) == (200, CONTENT)
    assert part("bytes=10-19", **{"If-Range": '"another"'}).content == CONTENT
    beyond = part(f"bytes={SIZE}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{SIZE}")
    storage.rm("/", recursive=True)
    assert part("bytes=10-19").status_code == 404
