"""A real package with two files of one name, through HTTP, checks and publishing, by either route."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from include.pipeline.run_ledger import Load
from include.quality import audit
from tests.sandbox.data import ARCHIVES, needs_data
from tests.support.routes import land_answers, land_package
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.warehouse import Warehouse

pytestmark = [needs_data, pytest.mark.filterwarnings("ignore:`schema_name` is deprecated")]
STUDY = "SDY139"


def renamed(package: Path, target: Path) -> list[dict[str, str]]:
    """Copy a package; all flow cytometry files that share an extension get one name. Returns its files."""
    with zipfile.ZipFile(package) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for member in source.infolist():
            content = source.read(member)
            if member.filename.endswith("/file_info.txt"):
                table = csv.DictReader(io.StringIO(content.decode()), delimiter="\t", quoting=csv.QUOTE_NONE)
                files = list(table)
                for row in files:
                    if row["NAME"].endswith(".fcs"):
                        row["NAME"] = "Tube_009.fcs"
                lines = ["\t".join(table.fieldnames or ()), *("\t".join(row.values()) for row in files)]
                content = ("\n".join(lines) + "\n").encode()
            copy.writestr(member, content)
    return files


@pytest.fixture(scope="module", params=[pytest.param("DR16", marks=pytest.mark.long), "DR25"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningSandbox, str, list[dict[str, str]]]]:
    folder, name = tmp_path_factory.mktemp("archives"), f"{STUDY}-{request.param}_Tab.zip"
    files = renamed(ARCHIVES / name, folder / name)
    with running_sandbox(archives=folder) as sandbox:
        sandbox.set_release(request.param)
        yield sandbox, request.param, files


@pytest.mark.parametrize("land", [land_package, land_answers])
def test_two_files_of_one_name_are_two_members(
    warehouse: Warehouse,
    world: tuple[RunningSandbox, str, list[dict[str, str]]],
    land: Callable[[Warehouse, RunningSandbox, str, str], Load],
) -> None:
    sandbox, release, files = world
    names = [(row["DETAIL"], row["NAME"]) for row in files]
    assert len(set(names)) < len(names) == len({row["FILE_INFO_ID"] for row in files})
    listed = sandbox.get(f"/api/study/manifest/{STUDY}", fileType="result_file").json()
    assert len({row["fileUUID"] for row in listed}) == len(listed) == len(files)

    load = land(warehouse, sandbox, STUDY, release)
    warehouse.stage(load)
    assert warehouse.judge(load).critical == []
    warehouse.publish(load)
    sizes = {row["FILE_INFO_ID"]: int(row["FILESIZE_BYTES"]) for row in files}
    members = "select file_accession, filesize_bytes from star.dim_file where file_type = 'result_file'"
    assert dict(warehouse.rows(members)) == sizes
    # Each row of the fact leads to its own file: number and size are those of the file itself.
    assert warehouse.value("select count(*) from star.fact_result_file") > 1000
    assert (
        warehouse.rows("""
        select f.file_info_id from star.fact_result_file f join star.dim_file d using (file_key)
        where d.file_accession is distinct from f.file_info_id::text
            or d.filesize_bytes is distinct from f.filesize_bytes""")
        == []
    )
    assert [item.summary for item in audit.run(warehouse.engine, "night")] == []
