"""Files: the manifest, DRS, and bytes that hold what the manifest says."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections import defaultdict
from contextlib import suppress
from typing import Any

import httpx
import pytest

from include.sandbox.archive.package_world import PackageWorld
from include.sources.release import Release
from tests.sandbox.data import ARCHIVES, needs_data
from tests.sandbox.server.test_serialize import STUDIES, rows
from tests.support.sandbox import RunningSandbox, running_sandbox


def address(sandbox: RunningSandbox, file: dict[str, Any], method: str = "s3") -> str:
    answer = sandbox.get(f"/drs/download/{method}/{file['fileUUID']}")
    assert answer.status_code == 200
    body = answer.json()
    assert (list(body), body["status"]) == (["message", "url", "status"], 200)
    return body["url"]


def hold_to_the_manifest(sandbox: RunningSandbox, file: dict[str, Any], content: bytes) -> None:
    assert len(content) == file["filesizeBytes"]
    assert hashlib.md5(content).hexdigest() == file["generatedMD5"]  # noqa: S324 - ImmPort's checksum


@pytest.mark.parametrize("method", ["s3", "stream"])
def test_every_file_of_a_manifest_comes_without_a_key(sandbox: RunningSandbox, method: str) -> None:
    files = rows(sandbox, "manifest", "SDY1001")
    assert {file["fileType"] for file in files} == {
        "release_file", "archive_file", "study_file", "protocol_file", "result_file",
    }  # fmt: skip
    assert len({file["fileUUID"] for file in files}) == len({file["fileDetailsId"] for file in files})
    for file in files:
        answer = sandbox.client.get(address(sandbox, file, method))
        assert answer.headers["etag"] == f'"{file["generatedMD5"]}"'
        hold_to_the_manifest(sandbox, file, answer.content)


def test_listings_agree_with_the_manifest_and_with_the_rows(sandbox: RunningSandbox) -> None:
    for study in STUDIES:
        files = rows(sandbox, "manifest", study)
        for endpoint, kind in (
            ("allFileDetails", None),
            ("studyFileDetails", "study_file"),
            ("protocolFileDetails", "protocol_file"),
            ("resultFileDetails", "result_file"),
        ):
            listed = rows(sandbox, endpoint, study)
            assert [row["path"] for row in listed] == [
                file["path"] for file in files if kind in (None, file["fileType"])
            ]
            if kind:
                assert rows(sandbox, "manifest", study, fileType=kind) == [
                    file for file in files if file["fileType"] == kind
                ]
        assert rows(sandbox, "manifest", study, fileType="all") == files
        by_kind: dict[str, set[str]] = {}
        for file in files:
            by_kind.setdefault(file["fileType"], set()).add(file["fileName"])
            assert not file["path"].startswith("/")
            assert file["path"].endswith(f"/{file['fileName']}")
        assert by_kind["study_file"] == {row["fileName"] for row in rows(sandbox, "file", study)}
        assert by_kind["protocol_file"] == {row["fileName"] for row in rows(sandbox, "protocol", study)}
        results = {(row["filePath"][1:], row["filesizeBytes"]) for row in rows(sandbox, "filePath", study)}
        assert results == {
            (file["path"], file["filesizeBytes"]) for file in files if file["fileType"] == "result_file"
        }


def test_the_inventory_counts_the_rows_there_are(sandbox: RunningSandbox) -> None:
    for release in ("DR49", "DR51"):
        sandbox.set_release(release)
        (file,) = [
            file
            for file in rows(sandbox, "manifest", "SDY1001", fileType="release_file")
            if file["fileName"].endswith("_table_count.txt")
        ]
        text = sandbox.client.get(address(sandbox, file)).text
        counts = {table: int(count) for table, count in (line.split("\t") for line in text.splitlines())}
        for table, endpoint in (("hai_result", "hai"), ("expsample", "expsample"), ("lab_test", "labtest")):
            assert counts[table] == len(rows(sandbox, endpoint, "SDY1001")) > 0


def test_a_new_release_brings_a_package_and_puts_the_last_into_the_archive(sandbox: RunningSandbox) -> None:
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    for release in ("DR50", "DR51"):
        sandbox.set_release(release)
        for file in rows(sandbox, "manifest", "SDY1001"):
            names[release, file["fileType"]].add(file["fileName"])
    assert "SDY1001-DR50_Tab.zip" in names["DR50", "release_file"]
    assert "SDY1001-DR51_Tab.zip" in names["DR51", "release_file"]
    gained = names["DR51", "archive_file"] - names["DR50", "archive_file"]
    assert gained == {"SDY1001-DR50.zip"}
    assert names["DR51", "result_file"] >= names["DR50", "result_file"]


def test_other_bytes_have_another_uuid_and_the_same_bytes_keep_theirs(sandbox: RunningSandbox) -> None:
    sandbox.set_release("DR49")
    before = {file["path"]: file for file in rows(sandbox, "manifest", "SDY1001")}
    sandbox.set_release("DR51")
    after = {file["path"]: file for file in rows(sandbox, "manifest", "SDY1001")}
    same = set()
    for path in before.keys() & after.keys():
        one, two = before[path], after[path]
        assert one["fileDetailsId"] == two["fileDetailsId"]
        same.add(one["generatedMD5"] == two["generatedMD5"])
        assert (one["generatedMD5"] == two["generatedMD5"]) == (one["fileUUID"] == two["fileUUID"]), path
    assert same == {True, False}


def test_a_broken_download_goes_on_where_it_broke(sandbox: RunningSandbox) -> None:
    file = max(rows(sandbox, "manifest", "SDY1001"), key=lambda file: file["filesizeBytes"])
    url, content = address(sandbox, file), b""
    for after in (0, 1, 700, None):
        sandbox.fault("download", "cut", times=1, **({} if after is None else {"after": after}))
        headers = {"Range": f"bytes={len(content)}-", "If-Range": f'"{file["generatedMD5"]}"'}
        with sandbox.client.stream("GET", url, headers=headers) as answer:
            assert answer.status_code == 206
            assert int(answer.headers["content-length"]) == file["filesizeBytes"] - len(content)
            chunks = answer.iter_raw()
            with suppress(httpx.RemoteProtocolError):
                while True:
                    content += next(chunks)
    assert 701 < len(content) < file["filesizeBytes"]
    content += sandbox.client.get(url, headers={"Range": f"bytes={len(content)}-"}).content
    hold_to_the_manifest(sandbox, file, content)
    other = sandbox.client.get(url, headers={"Range": "bytes=5-", "If-Range": '"another"'})
    assert (other.status_code, len(other.content)) == (200, file["filesizeBytes"])


def test_addresses_cannot_be_made_up_and_end(sandbox: RunningSandbox) -> None:
    one, two = rows(sandbox, "manifest", "SDY1001")[:2]
    url = address(sandbox, one)
    assert sandbox.client.get(url.replace(one["fileUUID"], two["fileUUID"])).status_code == 403
    assert sandbox.client.get(url.replace("Expires=", "Expires=9")).status_code == 403
    assert sandbox.client.get(url.partition("?")[0]).status_code == 403
    assert "SignatureDoesNotMatch" in sandbox.client.get(url + "0").text
    with running_sandbox(studies=1, rows=1, url_seconds=0) as short:
        file = rows(short, "manifest", "SDY1001")[0]
        expired = short.client.get(address(short, file))
        assert (expired.status_code, "Request has expired" in expired.text) == (403, True)


def test_drs_refuses_what_it_does_not_know(sandbox: RunningSandbox) -> None:
    file = rows(sandbox, "manifest", "SDY1001")[0]["fileUUID"]
    for path in (f"ftp/{file}", "s3/nonsense", "s3/000003e9-0000-5000-8000-000000000000", f"s3/ff{file[2:]}"):
        answer = sandbox.get(f"/drs/download/{path}")
        assert (answer.status_code, answer.json()["url"]) == (400, None), path


@needs_data
def test_real_packages_are_served_and_their_archives_hold_them() -> None:
    with running_sandbox(archives=ARCHIVES) as sandbox:
        sandbox.set_release("DR25")
        files = sandbox.get("/api/study/manifest/SDY139").json()
        issued = {file["fileName"]: file for file in files if file["fileType"] == "release_file"}
        assert list(issued) == [
            f"SDY139-DR25_{what}" for what in ("Tab.zip", "summary.txt", "table_count.txt", "manifest.txt")
        ]
        package = issued["SDY139-DR25_Tab.zip"]
        (archive,) = [file for file in files if file["fileType"] == "archive_file"]
        content = sandbox.client.get(address(sandbox, package)).content
        assert content == (ARCHIVES / "SDY139-DR25_Tab.zip").read_bytes()
        hold_to_the_manifest(sandbox, package, content)
        outer = sandbox.client.get(address(sandbox, archive)).content
        hold_to_the_manifest(sandbox, archive, outer)
        with zipfile.ZipFile(io.BytesIO(outer)) as opened:
            inner = opened.read("SDY139-DR16_Tab.zip")
        assert inner == (ARCHIVES / "SDY139-DR16_Tab.zip").read_bytes()
        protocols = [file for file in files if file["fileType"] == "protocol_file"]
        assert {file["fileAccession"] for file in protocols} == {"PTL5525", "PTL5526", "PTL5527"}
        for file in protocols:
            hold_to_the_manifest(sandbox, file, sandbox.client.get(address(sandbox, file)).content)
        lost = next(file for file in files if file["fileType"] == "result_file")
        assert lost["generatedMD5"] is None
        assert sandbox.client.get(address(sandbox, lost, "s3")).status_code == 403
        gone = sandbox.client.get(address(sandbox, lost, "stream"))
        assert (gone.status_code, "NoSuchKey" in gone.text) == (404, True)


@needs_data
def test_an_archive_has_the_same_bytes_each_time() -> None:
    worlds = [PackageWorld(ARCHIVES) for _ in range(2)]
    one, two = [[file.row() for file in world.files("SDY139", Release(25))] for world in worlds]
    assert one == two
