"""A folder with packages that are damaged: what can be served is served, the rest is named at the start."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from include.sandbox.archive.package_world import PackageWorld
from include.sources.release import Release
from tests.support.packages import SMALL, Tables, table, write_package
from tests.support.sandbox import command, running_sandbox

DR1 = Release(1)
LATIN = SMALL | {
    "biosample": table(str(SMALL["biosample"])).replace(b"drawn twice", b"pr\xe9lev\xe9")
    + b"BS2\t\tgood\tSUB1\tSerum\tPV1\tSDY1\n",
    "treatment": b"TREATMENT_ACCESSION\tNAME\nTRT1\tchaleur \xe0 42\nTRT2\tcold\tmore\nTRT3\tcold\n",
}


def of_study(number: int, tables: Tables = SMALL) -> dict[str, bytes]:
    """The tables, of another study."""
    found = {name: text if isinstance(text, bytes) else table(text) for name, text in tables.items()}
    return {name: content.replace(b"SDY1", b"SDY%d" % number) for name, content in found.items()}


def flip(path: Path) -> None:
    """Break the checksum of the first member."""
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        entry = archive.infolist()[0]
    content[entry.header_offset + 30 + len(entry.filename) + 3] ^= 1
    path.write_bytes(content)


def undecodable_name(path: Path) -> None:
    """A member whose name says that it is UTF-8, and is not."""
    content = path.read_bytes()
    name = "Tab/é.txt".encode()
    path.write_bytes(content.replace(name, name.replace(b"\xc3\xa9", b"\xe9\xe9")))


def bad_folder(folder: Path) -> Path:
    """One good package, and one each of those that cannot be served."""
    write_package(folder / "SDY1-DR1_Tab.zip", SMALL)
    write_package(folder / "SDY2-DR1_Tab.zip", {k: v for k, v in of_study(2).items() if k != "study"})
    (folder / "SDY3-DR1_Tab.zip").write_bytes(b"no zip at all")
    write_package(folder / "SDY4-DR1_Tab.zip", of_study(4))
    flip(folder / "SDY4-DR1_Tab.zip")
    write_package(folder / "SDY5-DR1_Tab.zip", of_study(5) | {"é": b"A\n1\n"})
    undecodable_name(folder / "SDY5-DR1_Tab.zip")
    write_package(folder / "SDY6-DR1_Tab.zip", of_study(6) | {"study": b""})
    write_package(folder / "SDY7-DR1_Tab.zip", of_study(7) | {"study_link": b"STUDY_LINK_ID\nseven\n"})
    return folder


@pytest.mark.long
def test_bad_packages_are_refused_by_name_and_the_rest_is_served(tmp_path: Path) -> None:
    folder = bad_folder(tmp_path)
    world = PackageWorld(folder)
    refused = {note.split("-DR1_Tab.zip is not served: ")[0]: note for note in world.notes}
    assert sorted(refused) == ["SDY2", "SDY3", "SDY4", "SDY5", "SDY6", "SDY7"], world.notes
    assert refused["SDY2"].endswith("it has no Tab/study.txt with one row")
    assert "File is not a zip file" in refused["SDY3"]
    with subprocess.Popen(
        command(archives=folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        greeting = [process.stdout.readline() for _ in range(2)]
        process.terminate()
        errors = process.stderr.read()
    assert greeting[0].startswith("url=")
    assert all(f"sandbox: {study}-DR1_Tab.zip is not served: " in errors for study in refused)
    with running_sandbox(archives=folder) as sandbox:
        found = sandbox.get("/api/search/study").json()["hits"]
        assert [hit["_id"] for hit in found["hits"]] == ["SDY1"]
        assert sandbox.status()["studies"] == 1


def test_a_folder_of_bad_packages_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "SDY3-DR1_Tab.zip").write_bytes(b"no zip at all")
    with pytest.raises(ValueError, match=r"can be served: SDY3-DR1_Tab.zip is not served: .*not a zip"):
        PackageWorld(tmp_path)


def test_lines_that_are_not_text_are_passed_on_and_their_neighbours_served(tmp_path: Path) -> None:
    """The product refuses such a row by either route: a lone surrogate in JSON, the bytes in the package."""
    path = tmp_path / "SDY1-DR1_Tab.zip"
    write_package(path, LATIN)
    world = PackageWorld(tmp_path)
    passed_on = "is not UTF-8: its bytes are passed on as they are"
    assert sorted(world.notes) == [
        f"SDY1-DR1_Tab.zip: Tab/biosample.txt: line 2 {passed_on}",
        f"SDY1-DR1_Tab.zip: Tab/treatment.txt: line 2 {passed_on}",
        "SDY1-DR1_Tab.zip: Tab/treatment.txt: line 3 has 3 cells, 2 are in the header: no answer has it",
    ]
    samples = [row["biosampleAccession"] for row in world.rows("biosample", "SDY1", DR1)]
    assert samples == ["BS1", "BS1", "BS2", "BS2"]  # in each arm of the subject
    named = SMALL | {"arm_or_cohort": table(str(SMALL["arm_or_cohort"])).replace(b"Arm 2", b"Bras \xe9")}
    write_package(path, named)
    with running_sandbox(archives=tmp_path) as sandbox:
        assert sandbox.get("/api/search/study").json()["hits"]["total"]["value"] == 1
        answer = sandbox.get("/api/study/arm/SDY1")
        assert [arm["name"] for arm in json.loads(answer.content)] == ["Arm 1", "Bras \udce9"]
        assert sandbox.get("/api/study/arm/SDY1", format="tsv").content.count(b"Bras \xe9") == 1
        listed = sandbox.get("/api/study/manifest/SDY1", fileType="release_file").json()
        (uuid,) = [row["fileUUID"] for row in listed if row["fileName"] == path.name]
        address = sandbox.get(f"/drs/download/s3/{uuid}").json()["url"]
        assert sandbox.client.get(address).content == path.read_bytes()
