"""The storage of files: whole ones only, and nothing outside of it whatever a path says."""

from __future__ import annotations

from hashlib import md5
from pathlib import Path

import pytest
from airflow.sdk import ObjectStoragePath
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from include.landing.object_store import Storage, StorageError, UnsafePathError

PATH = "SDY7/ResultFiles/Flow (day 7) #1 50%?.fcs"


@pytest.fixture(params=["file", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "file":
        return Storage(str(tmp_path / "files"))
    attach("memory", fs=MemoryFileSystem())
    return Storage(f"memory://{tmp_path.name}/files")


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "/etc/passwd", "//host/x", "..", "../x", "SDY7/../../x", "SDY7/..", "./x", "SDY7/./x",
        "SDY7//x", "SDY7/", "SDY7/a\x00b", "SDY7/a\nb", "SDY7/\x1b[31m", "SDY7\\..\\..\\x", "s3://other/x", "file:///etc/x",
        "SDY7/\u202egpj.exe",
    ],
)  # fmt: skip
def test_a_path_that_leads_elsewhere_is_refused(storage: Storage, path: str) -> None:
    with pytest.raises(UnsafePathError):
        storage.place(path)
    with pytest.raises(UnsafePathError):
        storage.size(path)


def test_a_link_out_of_the_storage_is_not_followed(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path / "files"))
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "SDY7").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafePathError, match="leads out"):
        storage.place("SDY7/x")


@pytest.mark.parametrize("name", ["a folder", "50%20 of it", "ä #1?"])
def test_a_folder_is_the_same_by_its_path_and_by_its_url(tmp_path: Path, name: str) -> None:
    root = tmp_path / name
    for number, given in enumerate((str(root), root.as_uri())):
        storage = Storage(given)
        part = storage.part(f"{number}.fcs", "uuid")
        part.write_bytes(b"fcs")
        storage.keep(part, f"{number}.fcs")
    assert sorted(path.name for path in root.iterdir()) == ["0.fcs", "1.fcs"]
    assert list(tmp_path.iterdir()) == [root]


def test_a_storage_behind_a_link_is_fine(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "files").symlink_to(tmp_path / "real")
    assert Storage(str(tmp_path / "files")).size("SDY7/x") is None


def test_a_file_is_kept_under_its_path(storage: Storage) -> None:
    part = storage.part(PATH, "uuid/../1")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(b"content")
    assert storage.size(PATH) is None
    location = storage.keep(part, PATH)
    assert location == str(storage.root / PATH)
    assert ObjectStoragePath(location).read_bytes() == b"content"
    assert (storage.size(PATH), part.exists()) == (7, False)
    assert storage.digest(PATH, "md5") == md5(b"content", usedforsecurity=False).hexdigest()
    part.write_bytes(b"newer")
    storage.keep(part, PATH)
    assert storage.size(PATH) == 5
    assert [path.name for path in (storage.root / PATH).parent.iterdir()] == [PATH.rpartition("/")[2]]


def test_parts_of_two_versions_do_not_meet(storage: Storage) -> None:
    one, two = storage.part(PATH, "1"), storage.part(PATH, "2")
    assert one != two
    assert one.name.startswith(".")
    assert len(storage.part("SDY7/" + "x" * 255, "1").name) < 64


def test_what_cannot_be_written_says_where(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    (tmp_path / "SDY7").write_text("a file where a folder is needed")
    part = tmp_path / "part"
    part.write_bytes(b"content")
    with pytest.raises(StorageError, match="SDY7/x: cannot be written: Not a directory"):
        storage.keep(part, "SDY7/x")
    assert part.read_bytes() == b"content"
    assert storage.size("SDY7/x") is None
