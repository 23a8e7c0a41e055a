"""Downloads under fault: what the bytes, the status and the headers then are."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import FileResponse

from include.sandbox.server.faults import Fault
from include.sandbox.server.responses import BentFile
from tests.sandbox.server.test_serialize import rows
from tests.sandbox.test_stored_files import address
from tests.support.sandbox import RunningSandbox

STUDY = "SDY1001"


def package(sandbox: RunningSandbox, study: str = STUDY) -> dict[str, Any]:
    """The manifest's row of a Tab package."""
    found = rows(sandbox, "manifest", study, fileType="release_file")
    (file,) = [file for file in found if file["fileName"].endswith("_Tab.zip")]
    return file


def download(
    sandbox: RunningSandbox, url: str, start: int | None = None, etag: str | None = None
) -> httpx.Response:
    headers = {} if start is None else {"Range": f"bytes={start}-"}
    return sandbox.client.get(url, headers=headers | ({"If-Range": etag} if etag else {}))


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def test_ranges_are_answered_as_storage_does(sandbox: RunningSandbox) -> None:
    file = package(sandbox)
    url, size, etag = address(sandbox, file), file["filesizeBytes"], f'"{file["generatedMD5"]}"'
    whole = download(sandbox, url).content
    for span, start, end in (
        ("5-9", 5, 9),
        (f"{size - 3}-", size - 3, size - 1),
        ("-4", size - 4, size - 1),
        (f"7-{size + 100}", 7, size - 1),
    ):
        for condition in ({}, {"If-Range": etag}):
            answer = sandbox.client.get(url, headers={"Range": f"bytes={span}", **condition})
            assert answer.status_code == 206
            assert answer.headers["content-range"] == f"bytes {start}-{end}/{size}"
            assert answer.headers["etag"] == etag
            assert answer.content == whole[start : end + 1]
    beyond = download(sandbox, url, size)
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    # What cannot be read as one range is as good as none.
    for span in ("bytes=9-5", "bytes=0-1,4-5", "bytes=-", "lines=1-2"):
        answer = sandbox.client.get(url, headers={"Range": span})
        assert (answer.status_code, answer.content) == (200, whole), span
    assert download(sandbox, url, 5, '"another"').content == whole


def test_corrupt_has_the_right_length_and_one_wrong_byte(sandbox: RunningSandbox) -> None:
    file = package(sandbox)
    url = address(sandbox, file)
    good = download(sandbox, url).content
    sandbox.fault("download", "corrupt", times=2)
    for start in (0, 100):
        bad = download(sandbox, url, start)
        assert len(bad.content) == file["filesizeBytes"] - start
        assert sum(one != two for one, two in zip(good[start:], bad.content, strict=True)) == 1
        assert bad.headers["etag"] == f'"{file["generatedMD5"]}"'
    assert md5(download(sandbox, url).content) == file["generatedMD5"]


def test_corrupt_spoils_one_byte_of_a_file_sent_in_parts(tmp_path: Path) -> None:
    path, good = tmp_path / "file", bytes(3 * FileResponse.chunk_size)
    path.write_bytes(good)
    sent = BentFile(path)
    sent.fault = Fault("download", "corrupt")

    async def get() -> bytes:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=sent)) as client:
            return (await client.get("http://sandbox/")).content

    bad = asyncio.run(get())
    assert sum(one != two for one, two in zip(good, bad, strict=True)) == 1


def test_no_range_sends_all_of_it(sandbox: RunningSandbox) -> None:
    file = package(sandbox)
    url = address(sandbox, file)
    sandbox.fault("download", "no_range", times=1)
    answer = download(sandbox, url, 10)
    assert (answer.status_code, answer.headers["accept-ranges"]) == (200, "none")
    assert md5(answer.content) == file["generatedMD5"]
    assert download(sandbox, url, 10).status_code == 206


def test_changed_makes_a_condition_fail(sandbox: RunningSandbox) -> None:
    file = package(sandbox)
    url, etag = address(sandbox, file), f'"{file["generatedMD5"]}"'
    sandbox.fault("download", "changed", times=2)
    answer = download(sandbox, url, 10, etag)
    assert (answer.status_code, len(answer.content)) == (200, file["filesizeBytes"])
    assert answer.headers["etag"] != etag
    assert download(sandbox, url, 10, answer.headers["etag"]).status_code == 206
    assert download(sandbox, url, 10, etag).status_code == 206


def test_expired_and_lost_say_so_as_storage_does(sandbox: RunningSandbox) -> None:
    file = package(sandbox)
    sandbox.fault("download", "expired", times=1)
    answer = download(sandbox, address(sandbox, file))
    assert (answer.status_code, "Request has expired" in answer.text) == (403, True)
    assert answer.headers["content-type"].startswith("application/xml")
    assert download(sandbox, address(sandbox, file)).status_code == 200
    sandbox.fault("download", "lost", file=file["fileUUID"])
    answer = download(sandbox, address(sandbox, file, "s3"))
    assert (answer.status_code, "<Code>AccessDenied</Code>" in answer.text) == (403, True)
    assert "expired" not in answer.text
    answer = download(sandbox, address(sandbox, file, "stream"))
    assert (answer.status_code, "<Code>NoSuchKey</Code>" in answer.text) == (404, True)


@pytest.mark.parametrize("by", ["fileUUID", "fileName"])
def test_a_fault_strikes_one_file(sandbox: RunningSandbox, by: str) -> None:
    files = rows(sandbox, "manifest", STUDY, fileType="protocol_file")
    sandbox.fault("download", "503", file=files[1][by])
    sandbox.fault("drsDownload", "500", file=files[0][by])
    assert sandbox.get(f"/drs/download/s3/{files[0]['fileUUID']}").status_code == 500
    assert download(sandbox, address(sandbox, files[1])).status_code == 503
    sandbox.clear_faults()
    sandbox.fault("download", "503", file=files[1][by])
    assert download(sandbox, address(sandbox, files[0])).status_code == 200


def test_a_fault_strikes_the_files_of_one_study(sandbox: RunningSandbox) -> None:
    one, two = package(sandbox), package(sandbox, "SDY1002")
    sandbox.fault("download", "cut", study="SDY1002", after=9)
    sandbox.fault("drsDownload", "401", study=STUDY, times=1)
    assert sandbox.get(f"/drs/download/s3/{one['fileUUID']}").status_code == 401
    assert md5(download(sandbox, address(sandbox, one)).content) == one["generatedMD5"]
    with pytest.raises(httpx.RemoteProtocolError):
        download(sandbox, address(sandbox, two))
    seen = [item for item in sandbox.requests() if item["endpoint"] == "download"]
    assert [(item["study"], item["range"], item["query"]) for item in seen] == [
        (STUDY, None, ""),
        ("SDY1002", None, ""),
    ]


def test_a_fault_of_downloads_is_used_up_by_downloads_alone(sandbox: RunningSandbox) -> None:
    file = package(sandbox)
    sandbox.fault("*", "corrupt", times=1)
    url = address(sandbox, file)
    assert rows(sandbox, "arm", STUDY)
    assert md5(download(sandbox, url).content) != file["generatedMD5"]
    assert md5(download(sandbox, url).content) == file["generatedMD5"]


def test_the_range_of_a_download_is_recorded(sandbox: RunningSandbox) -> None:
    url = address(sandbox, package(sandbox))
    sandbox.clear_requests()
    download(sandbox, url, 12)
    assert [item["range"] for item in sandbox.requests()] == ["bytes=12-"]
