"""Headers of FCS files: read in the run that fetches them, shown in the star, compared with the package's."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from include.cytometry.lookups import SPECIES_GROUPS
from include.cytometry.vocabulary import Analyte, Marker, Vocabulary
from include.landing.object_store import Storage
from include.pipeline import run_ledger
from include.pipeline.downloads import download_batch, fcs_headers, file_plan, file_selection
from include.pipeline.downloads.file_selection import FAILED, HEADER_READ, PRESENT, DownloadFilter
from include.sources.errors import ServerError
from include.sources.remote_files import Downloaded, ListedFile, RemoteFile
from include.warehouse.markers import vocabularies
from tests.support.cytometry import fcs, keywords_for, text_segment
from tests.support.routes import land_package, take
from tests.support.sandbox import running_sandbox
from tests.support.warehouse import Study, Warehouse, full_row, small_study
from tests.support.world import shared_studies

RUN = "immport_files/run"
PANEL = (("FSC-A", None), ("B530-A", "CD3"))
FILE = fcs(text_segment(keywords_for(*PANEL, TOT="2")), events=b"12345678")
HEADERS = """
    select h.file_uuid, h.fcs_version, h.number_of_events, h.number_of_markers, h.panel_reported,
        h.panel_preferred, h.provenance, x.expsample_accession
    from star.fact_fcs_header h join star.dim_expsample x using (expsample_key) order by 1"""
MARKERS = """
    select pnn_reported, pns_reported, pns_preferred, analyte_accessions, provenance
    from star.bridge_fcs_header_marker order by fcs_header, parameter_number"""


class Source:
    """Stands in for the hook: it has files, whole or in parts."""

    def __init__(self, **files: bytes | Exception) -> None:
        self.files = files
        self.downloaded: list[str] = []
        self.read: list[str] = []

    def download(self, file: RemoteFile, target: Path, *, progress: Callable[[int, int], None]) -> Downloaded:
        self.downloaded.append(file.uuid)
        content = self._content(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        progress(len(content), len(content))
        return Downloaded(len(content), len(content), "", 0, 1)

    @contextmanager
    def parts(self, file: RemoteFile, *, progress: Callable[[int, int], None]) -> Iterator[BinaryIO]:
        self.read.append(file.uuid)
        progress(100, 100)
        yield io.BytesIO(self._content(file))

    def _content(self, file: RemoteFile) -> bytes:
        content = self.files[file.uuid]
        if isinstance(content, Exception):
            raise content
        return content


def listed(uuid: str, content: bytes, study: str = "SDY1") -> ListedFile:
    path = f"{study}/ResultFiles/{uuid}.fcs"
    return ListedFile(study, uuid, f"{uuid}.fcs", len(content), None, kind="result_file", path=path)


def study(*uuids: str) -> Study:
    """A study with a result file of each UUID."""
    rows = small_study()
    rows["manifest"] = [
        full_row("manifest", studyAccession="SDY1", fileUUID=uuid, path=f"SDY1/ResultFiles/{uuid}.fcs",
                 fileName=f"{uuid}.fcs", fileAccession=str(number), fileType="result_file")
        for number, uuid in enumerate(uuids, 1)
    ]  # fmt: skip
    rows["filePath"] = [
        full_row("filePath", studyAccession="SDY1", filePathId=f"{number}_ES1_BS1", fileInfoId=number,
                 filePath=f"/SDY1/ResultFiles/{uuid}.fcs", fileName=f"{uuid}.fcs", sourceType="EXPSAMPLE",
                 originalFileName=f"{uuid}.fcs", sourceAccession="ES1",
                 biosampleAccession="BS1", subjectAccession="SUB1", armAccession="ARM1")
        for number, uuid in enumerate(uuids, 1)
    ]  # fmt: skip
    return rows


@pytest.fixture
def reading(warehouse: Warehouse) -> Warehouse:
    """A warehouse with a vocabulary."""
    names = Vocabulary("names", [Analyte("CD3", Marker("hCD3E", "ANA809"), "9606")], {}, SPECIES_GROUPS)
    with warehouse.engine.begin() as connection:
        vocabularies.adopt(connection, names)
    return warehouse


def bring(
    warehouse: Warehouse, folder: Path, source: Source, *, only_headers: bool = False
) -> tuple[list[str], list[str]]:
    """Plan and fetch all files of the source, as a run of the DAG does it."""
    storage = Storage(str(folder))
    files = [
        listed(uuid, content if isinstance(content, bytes) else b"") for uuid, content in source.files.items()
    ]
    run_ledger.start_run(warehouse.engine, RUN)
    wanted = DownloadFilter(fcs_headers_only=only_headers)
    choices = file_selection.choose(warehouse.engine, storage, files, wanted)
    file_plan.write_plan(warehouse.engine, RUN, choices)
    run_ledger.note_run(warehouse.engine, RUN, listed=1)
    work = download_batch.Work(
        warehouse.engine, source, storage, RUN, logging.getLogger().info,  # type: ignore[arg-type]  # of a hook it does what is called
        fcs_headers_only=only_headers,
    )  # fmt: skip
    failed: list[str] = []
    later: list[str] = []
    for item in file_plan.batches(warehouse.engine, RUN):
        one, two = download_batch.fetch_batch(work, item["first"], item["count"], is_last_try=True)
        failed, later = failed + one, later + two
    return failed, later


def states(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return warehouse.rows(
        "select file_uuid, state, fcs_header, bytes_fetched from ops.file_download order by 1"
    )


@pytest.mark.parametrize("only_headers", [False, True])
def test_a_header_is_in_the_star_after_the_run(
    reading: Warehouse, tmp_path: Path, only_headers: bool
) -> None:
    reading.load(study("u1"))
    source = Source(u1=FILE)
    assert bring(reading, tmp_path / "files", source, only_headers=only_headers) == ([], [])
    (row,) = reading.rows(HEADERS)
    assert (row[0], str(row[1]), *row[2:]) == ("u1", "3.1", 2, 2, "FSC-A|CD3", "FSC-A|hCD3E", "parsed", "ES1")
    assert reading.rows(MARKERS) == [
        ("FSC-A", None, "FSC-A", None, "parsed"),
        ("B530-A", "CD3", "hCD3E", "ANA809", "parsed"),
    ]
    kept = list((tmp_path / "files").rglob("*.fcs"))
    if only_headers:
        assert (states(reading), kept) == ([("u1", HEADER_READ, "2 parameters", 100)], [])
        assert (source.downloaded, source.read) == ([], ["u1"])
    else:
        assert states(reading) == [("u1", PRESENT, "2 parameters", len(FILE))]
        assert [path.read_bytes() for path in kept] == [FILE]
        assert (source.downloaded, source.read) == (["u1"], [])
    # A second run reads nothing again.
    assert bring(reading, tmp_path / "files", source, only_headers=only_headers) == ([], [])
    assert len(source.downloaded + source.read) == 1
    assert file_selection.finish(reading.engine, RUN).state == "success"


def test_a_release_shows_the_headers_of_its_files(reading: Warehouse, tmp_path: Path) -> None:
    reading.load(study("u1"))
    bring(reading, tmp_path / "files", Source(u1=FILE), only_headers=True)
    reading.load(study("u2"), "DR2")
    assert [row[0] for row in reading.rows(HEADERS, as_of="DR1")] == ["u1"]
    assert reading.rows(HEADERS) == []
    bring(reading, tmp_path / "files", Source(u2=FILE), only_headers=True)
    assert [row[0] for row in reading.rows(HEADERS)] == ["u2"]
    assert [row[0] for row in reading.rows(HEADERS, as_of="DR1")] == ["u1"]


def test_a_file_that_is_none_is_kept_and_reported(reading: Warehouse, tmp_path: Path) -> None:
    reading.load(study("u1", "u2"))
    source = Source(u1=b"not a header", u2=FILE)
    assert bring(reading, tmp_path / "files", source) == ([], [])
    assert [row[1:3] for row in states(reading)] == [
        (PRESENT, "not read: u1.fcs: not an FCS file: it begins with 'not a '"),
        (PRESENT, "2 parameters"),
    ]
    assert [row[0] for row in reading.rows(HEADERS)] == ["u2"]
    assert file_selection.finish(reading.engine, RUN).state == "success"


def test_a_header_that_cannot_be_had_fails_alone(reading: Warehouse, tmp_path: Path) -> None:
    reading.load(study("u1", "u2", "u3"))
    source = Source(u1=b"not a header", u2=FILE, u3=ServerError("HTTP 503", 503))
    failed, later = bring(reading, tmp_path / "files", source, only_headers=True)
    assert [text.partition(":")[0] for text in failed] == ["SDY1/ResultFiles/u1.fcs"]
    assert "not an FCS file" in failed[0]
    assert [text.partition(":")[0] for text in later] == ["SDY1/ResultFiles/u3.fcs"]
    assert [row[1] for row in states(reading)] == [FAILED, HEADER_READ, FAILED]
    summary = file_selection.finish(reading.engine, RUN)
    assert (summary.state, summary.counts[HEADER_READ], summary.counts[FAILED]) == ("partial", 1, 2)


def test_only_headers_of_fcs_files_are_taken_from_the_budget(warehouse: Warehouse, tmp_path: Path) -> None:
    big = 10**9
    files = [
        ListedFile("SDY1", "u1", "a.FCS", big, None, kind="result_file", path="SDY1/a.FCS"),
        ListedFile("SDY1", "u2", "a.txt", big, None, kind="result_file", path="SDY1/a.txt"),
    ]
    wanted = DownloadFilter(max_bytes=100_000, fcs_headers_only=True)
    choices = file_selection.choose(warehouse.engine, Storage(str(tmp_path)), files, wanted)
    assert [(item.state, item.cost) for item in choices] == [
        ("planned", file_selection.HEADER_COST), ("left out", 0)
    ]  # fmt: skip


def test_headers_of_a_restricted_study_are_hidden(reading: Warehouse, tmp_path: Path) -> None:
    """Both tables lead with the study, so that the policies are put on them."""
    found = reading.rows("""select c.relname from pg_class c
        where c.relrowsecurity and c.relname in ('marker_reading', 'fcs_file_header') order by 1""")
    assert found == [("fcs_file_header",), ("marker_reading",)]


def test_headers_of_files_agree_with_those_of_the_package(reading: Warehouse) -> None:
    """Where the package describes the file, its header is shown; another one in the file is listed."""
    with running_sandbox(studies=1, rows=20) as sandbox:
        take(reading, land_package(reading, sandbox, "SDY1001", shared_studies(sandbox)["SDY1001"]))
        before = reading.rows("select fcs_header, provenance from star.fact_fcs_header order by 1")
        files = [
            row
            for row in sandbox.get("/api/study/manifest/SDY1001").json()
            if row["fileName"].endswith(".fcs")
        ]
        for row in files:
            address = sandbox.get(f"/drs/download/s3/{row['fileUUID']}").json()["url"]
            content = io.BytesIO(sandbox.client.get(address).content)
            found = fcs_headers.read(reading.engine, "SDY1001", row["fileUUID"], content, row["fileName"])
            assert found == "4 parameters"
    assert len(files) > 0
    fcs_headers.read_markers(reading.engine, "SDY1001")
    assert reading.value(
        "select count(distinct file_uuid) from star.fcs_file_header where is_described"
    ) == len(files)
    assert reading.rows("select fcs_header, provenance from star.fact_fcs_header order by 1") == before != []
    listed = "select reported, preferred, parsed from star.marker_disagreement where what = 'header'"
    assert reading.rows(listed) == []
    with reading.engine.begin() as connection:
        connection.exec_driver_sql("update history.fcs_file_header set number_of_events = 1")
    assert {row[2].split("; ")[1] for row in reading.rows(listed)} == {"1"}
