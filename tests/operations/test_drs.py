"""The warehouse's files by DRS: for who is signed in, by signed addresses, and of no hidden study."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from airflow.sdk import ObjectStoragePath
from airflow.sdk.io import attach
from airflow.sdk.io.store import _STORE_CACHE
from fsspec.implementations.memory import MemoryFileSystem

from include.sources.drs.checksums import of_children, read_checksum
from include.sources.drs.versions import BASE, VERSIONS, base_of
from include.warehouse.schema.ops_tables import FILE_DOWNLOAD
from operations.drs import signature
from tests.operations.conftest import OPERATOR, VIEWER, Pages
from tests.support.clinical import stored
from tests.support.logins import restrict
from tests.support.warehouse import Warehouse, apart, small_study

PATHS = ("SDY1/ResultFiles/plate 1.txt", "SDY1/ResultFiles/FCS/one.fcs", "SDY1/StudyFiles/notes.pdf")
CONTENTS = {path: path.encode() * 100 for path in PATHS} | {"SDY2/ResultFiles/x.txt": b"of another study"}


def digest(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def uuid(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012}"


@pytest.fixture
def files(warehouse: Warehouse, tmp_path: Path) -> Path:
    """The folder with the downloaded files of two studies; the second becomes restricted."""
    keep_files(warehouse, tmp_path / "files")
    return tmp_path / "files"


def keep_files(warehouse: Warehouse, folder: Path, locations: Mapping[str, str] | None = None) -> None:
    """Load the two studies, put their files into a folder, and restrict the second.

    :param locations: where the files are recorded to lie, by path; in the folder when None.
    """
    rows: dict[str, list[dict[str, Any]]] = {"SDY1": [], "SDY2": []}
    for number, (path, content) in enumerate(CONTENTS.items(), 1):
        study = path.partition("/")[0]
        given = {"filesizeBytes": len(content), "generatedMD5": digest(content), "drsObjectCreated": "Y"}
        rows[study].append(stored(path, number, study, **given))
    warehouse.load({**small_study(), "manifest": rows["SDY1"]})
    warehouse.load(apart({**small_study(study="SDY2"), "manifest": rows["SDY2"]}, "2"), study="SDY2")
    for number, (path, content) in enumerate(CONTENTS.items(), 1):
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        keep(warehouse, number, path, place, **({"location": locations[path]} if locations else {}))
    restrict(warehouse, "SDY2", "DR2")


def keep(warehouse: Warehouse, number: int, path: str, place: Path, **change: Any) -> None:
    """Record a file as downloaded."""
    content = CONTENTS[path]
    values = {
        "study_accession": path.partition("/")[0], "file_uuid": uuid(number), "path": path, "kept_as": path,
        "kept_bytes": len(content), "kept_md5": digest(content), "location": f"file://{place}",
        "state": "present",
    }  # fmt: skip
    with warehouse.engine.begin() as connection:
        connection.execute(sa.insert(FILE_DOWNLOAD).values({**values, **change}))


def drs(pages: Pages, path: str, role: str | None = VIEWER, **parameters: Any) -> httpx.Response:
    return pages.get(f"{BASE}{path}", role, **parameters)


def fetch(pages: Pages, address: str) -> httpx.Response:
    """What a signed address gives somebody who is not signed in."""
    parts = urlsplit(address)
    return pages.get(parts.path, None, **dict(parse_qsl(parts.query)))


def address(pages: Pages, number: int, role: str = VIEWER) -> str:
    """A signed address, as its path and query."""
    found = drs(pages, f"/objects/{uuid(number)}/access/signed", role).json()["url"]
    parts = urlsplit(found)
    return f"{parts.path}?{parts.query}"


def test_a_file_is_described_and_its_signed_address_gives_the_bytes(pages: Pages, files: Path) -> None:
    found = drs(pages, f"/objects/{uuid(1)}").json()
    content = CONTENTS[PATHS[0]]
    assert (found["size"], found["checksums"]) == (
        len(content),
        [{"checksum": digest(content), "type": "md5"}],
    )
    assert (found["name"], found["self_uri"]) == ("plate_1.txt", f"drs://testserver/{uuid(1)}")
    signed = address(pages, 1)
    whole = fetch(pages, signed)
    assert (whole.status_code, whole.content) == (200, content)
    assert whole.headers["content-disposition"].startswith("attachment")
    pages.clients["all"].headers["Range"] = "bytes=5-9"
    part = fetch(pages, signed)
    del pages.clients["all"].headers["Range"]
    assert (part.status_code, part.content) == (206, content[5:10])


def test_an_address_is_good_for_its_file_and_its_time(
    pages: Pages, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = address(pages, 1)
    path, _, query = signed.partition("?")
    for wrong in (
        path,
        f"{path}?{query[:-1]}{'0' if query[-1] != '0' else '1'}",
        signed.replace(uuid(1), uuid(2)),
        signed.replace("token=", "token=9"),
        signed.replace(".0.", ".1."),
    ):
        refused = fetch(pages, wrong)
        assert (refused.status_code, refused.json()["status_code"]) == (403, 403), wrong
    monkeypatch.setattr(signature, "LIFE", -1)
    assert fetch(pages, address(pages, 1)).status_code == 403


def test_without_a_login_there_is_nothing_but_a_refusal_in_the_words_of_drs(
    pages: Pages, files: Path
) -> None:
    for path in ("/service-info", f"/objects/{uuid(1)}", f"/objects/{uuid(1)}/access/signed"):
        for version in VERSIONS:
            refused = pages.get(base_of(version) + path, role=None)
            assert (refused.status_code, refused.json()["status_code"]) == (401, 401)


def test_a_restricted_study_is_not_there_and_a_signed_address_of_it_ends(
    pages: Pages, files: Path, warehouse: Warehouse
) -> None:
    unknown = drs(pages, f"/objects/{uuid(9)}")
    for path in (f"/objects/{uuid(4)}", f"/objects/{uuid(4)}/access/signed", "/objects/SDY2.DR1"):
        hidden = drs(pages, path)
        assert (hidden.status_code, hidden.content) == (404, unknown.content), path
    assert drs(pages, f"/objects/{uuid(4)}", OPERATOR).status_code == 200
    assert drs(pages, "/service-info").json()["drs"]["objectCount"] == len(PATHS)
    signed = address(pages, 1)
    restrict(warehouse, "SDY1", "DR2")
    assert fetch(pages, signed).status_code == 404


def test_a_bundle_has_the_files_of_a_study_and_one_identifier_for_one_set(
    pages: Pages, files: Path, warehouse: Warehouse
) -> None:
    found = drs(pages, "/objects/SDY1.DR1", expand="True").json()
    assert found["size"] == sum(len(CONTENTS[path]) for path in PATHS)
    names = {item["name"]: item for item in found["contents"]}
    assert set(names) == {"ResultFiles", "StudyFiles"}
    assert {item["name"] for item in names["ResultFiles"]["contents"]} == {"plate_1.txt", "FCS"}
    children = [drs(pages, f"/objects/{item['id']}").json() for item in names.values()]
    sums = [[read_checksum(one["type"], one["checksum"]) for one in child["checksums"]] for child in children]
    (computed,) = of_children(sums)
    assert found["checksums"] == [{"checksum": computed.value, "type": "md5"}]
    plain = drs(pages, f"/objects/{found['id']}").json()
    assert "contents" not in plain["contents"][0]
    with warehouse.engine.begin() as connection:
        connection.execute(sa.delete(FILE_DOWNLOAD).where(FILE_DOWNLOAD.c.file_uuid == uuid(3)))
    assert drs(pages, f"/objects/{found['id']}").status_code == 404
    assert drs(pages, "/objects/SDY1.DR1").json()["id"] != found["id"]
    assert drs(pages, "/objects/SDY1.DR7").status_code == 404


def test_an_image_of_another_source_is_not_an_object_of_the_service(
    pages: Pages, files: Path, warehouse: Warehouse
) -> None:
    keep(warehouse, 9, PATHS[0], files / PATHS[0], study_accession="TCP", source="impc")
    assert drs(pages, f"/objects/{uuid(9)}").status_code == 404
    assert drs(pages, "/service-info").json()["drs"]["objectCount"] == len(PATHS)


def test_several_objects_at_once_and_what_each_version_has(pages: Pages, files: Path) -> None:
    body = {"bulk_object_ids": [uuid(1), uuid(4), uuid(2)]}
    client = pages._client(VIEWER)
    found = client.post(f"{BASE}/objects", json=body).json()
    assert found["summary"] == {"requested": 3, "resolved": 2, "unresolved": 1}
    assert found["unresolved_drs_objects"] == [{"error_code": 404, "object_ids": [uuid(4)]}]
    older = client.post(f"{base_of('1.3.0')}/objects", json=body)
    assert older.status_code == 405
    too_many = client.post(f"{BASE}/objects", json={"bulk_object_ids": ["x"] * 101})
    assert too_many.status_code == 413
    assert client.post(f"{BASE}/objects", content=b"{").status_code == 400
    pairs = [{"bulk_object_id": uuid(1), "bulk_access_ids": ["signed", "no"]}]
    signed = client.post(f"{BASE}/objects/access", json={"bulk_object_access_ids": pairs}).json()
    assert signed["summary"] == {"requested": 2, "resolved": 1, "unresolved": 1}
    supported = client.options(f"{BASE}/objects/{uuid(1)}")
    assert supported.json() == {"drs_object_id": uuid(1), "supported_types": ["BearerAuth"]}
    assert client.options(f"{base_of('1.2.0')}/objects/{uuid(1)}").status_code == 405


@pytest.mark.parametrize("change", ["gone", "longer", "elsewhere", "link"])
def test_bytes_that_are_not_the_recorded_ones_are_not_sent(
    pages: Pages, files: Path, warehouse: Warehouse, change: str, tmp_path: Path
) -> None:
    signed, place = address(pages, 1), files / PATHS[0]
    if change == "longer":
        place.write_bytes(b"x" * 100_000)
    elif change == "elsewhere":
        with warehouse.engine.begin() as connection:
            connection.execute(sa.update(FILE_DOWNLOAD).values(location="file:///etc/passwd"))
    else:
        place.unlink()
        if change == "link":
            other = tmp_path / "secret"
            other.write_bytes(CONTENTS[PATHS[0]])
            place.symlink_to(other)
    assert fetch(pages, signed).status_code == 404
    assert drs(pages, f"/objects/{uuid(1)}/access/signed").status_code == 404


def test_the_star_has_the_uri_of_a_file(files: Path, warehouse: Warehouse) -> None:
    known = "select file_uuid, drs_uri from star.dim_file where drs_uri is not null order by 1"
    assert warehouse.rows(known)[0] == (uuid(1), f"drs://drs.immport.org/{uuid(1)}")


class Signing(MemoryFileSystem):
    """An object storage that signs addresses, as S3 does, or not."""

    does = "signs"

    def sign(self, path: str, expiration: int = 100, **_: Any) -> str:
        if self.does == "refuses":
            raise PermissionError("https://storage.example.org/?X-Amz-Signature=s3cr3t")
        if self.does == "signs nothing":
            return str(super().sign(path))
        return f"https://storage.example.org/{path}?X-Amz-Expires={expiration}&X-Amz-Signature=s3cr3t"


@pytest.mark.parametrize("storage", ["signs", "refuses", "signs nothing"])
def test_of_an_object_storage_the_address_is_its_own_where_it_signs_some(
    pages: Pages,
    files: Path,
    warehouse: Warehouse,
    storage: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Airflow remembers the first storage of a name.
    monkeypatch.delitem(_STORE_CACHE, "memory", raising=False)
    system = Signing()
    system.does = storage
    attach("memory", fs=system)
    location, content = f"memory://bucket/{PATHS[0]}", CONTENTS[PATHS[0]]
    system.pipe_file(ObjectStoragePath(location).path, content)
    with warehouse.engine.begin() as connection:
        of_file = sa.update(FILE_DOWNLOAD).where(FILE_DOWNLOAD.c.file_uuid == uuid(1))
        connection.execute(of_file.values(location=location))
    found = drs(pages, f"/objects/{uuid(1)}/access/signed")
    ways = [way["access_id"] for way in drs(pages, f"/objects/{uuid(1)}").json()["access_methods"]]
    assert ways == ["signed", "streamed"]
    streamed = drs(pages, f"/objects/{uuid(1)}/access/streamed").json()["url"]
    assert fetch(pages, streamed).content == content
    assert drs(pages, f"/objects/{uuid(2)}/access/streamed").status_code == 404, "it lies in a folder"
    if storage == "signs":
        assert found.json()["url"].endswith(f"X-Amz-Expires={signature.LIFE}&X-Amz-Signature=s3cr3t")
    elif storage == "refuses":
        assert (found.status_code, "s3cr3t" in found.text + caplog.text) == (404, False)
    else:
        found = fetch(pages, address(pages, 1))
        assert (found.content, found.headers["accept-ranges"]) == (content, "bytes")
