"""What is written is for the account that writes it, or its group, whatever the umask is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.file_access import VARIABLE, FileAccessError, make_folder
from include.landing.object_store import Storage
from include.landing.zone import Fetch, Landing
from include.sources.immport.endpoints import ENDPOINTS


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def land(root: Path) -> None:
    """A landed answer, a landed file, a manifest; a download that goes on; a stored file."""
    landing, fetch = Landing(str(root / "landing")), Fetch("SDY1", "DR1", "f")
    landed = landing.receive(fetch, ENDPOINTS["arm"], {}, [b"[]"])
    package = landing.spool(fetch, "SDY1-DR1_Tab.zip")
    package.write_bytes(b"zip")
    kept = landing.keep(fetch, "SDY1-DR1_Tab.zip", package, {})
    landing.write_manifest(fetch, [landed, kept], source="http://x", release_date=None, started_at="")
    storage = Storage(str(root / "files"))
    part = storage.part("SDY1/ResultFiles/a.fcs", "uuid")
    part.write_bytes(b"fcs")
    storage.keep(part, "SDY1/ResultFiles/a.fcs")


def modes(root: Path) -> tuple[set[int], set[int]]:
    """Modes of the files and of the folders below a folder."""
    found = [path for top in ("landing", "files") for path in ((root / top), *(root / top).rglob("*"))]
    assert sum(path.is_file() for path in found) == 6
    files = {path.stat().st_mode & 0o7777 for path in found if path.is_file()}
    return files, {path.stat().st_mode & 0o7777 for path in found if path.is_dir()}


@pytest.mark.usefixtures("umask")
def test_files_are_for_their_owner(tmp_path: Path) -> None:
    land(tmp_path)
    assert modes(tmp_path) == ({0o600}, {0o700})


@pytest.mark.usefixtures("umask")
def test_files_are_for_a_group_when_that_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "group")
    tmp_path.chmod(
        0o2750
    )  # as an administrator makes the folder of a group: those in it are the group's, too
    land(tmp_path)
    assert modes(tmp_path) == ({0o640}, {0o2750})


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_folder(tmp_path / "a/b")
    assert [path.stat().st_mode & 0o777 for path in (tmp_path, tmp_path / "a")] == [0o755, 0o700]


def test_an_unknown_setting_is_an_error_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "everybody")
    with pytest.raises(FileAccessError, match="IMMPORT_FILE_ACCESS=everybody is neither owner nor group"):
        land(tmp_path)
    assert list(tmp_path.iterdir()) == []
