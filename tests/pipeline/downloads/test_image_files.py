"""Files of IMPC's images: chosen by what the star has, within a budget, whole and verified."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tenacity.wait import wait_none

from immport_provider.hooks.impc import ImpcHook
from include.landing.object_store import Storage
from include.pipeline import run_ledger
from include.pipeline.downloads import download_batch, file_plan, file_selection
from include.pipeline.downloads.file_selection import DownloadFilter
from include.pipeline.downloads.image_selection import EXPECTED_BYTES, ImageFilter, list_images
from include.sandbox.impc.synthetic_images import IMPC_RELEASES
from include.sources.impc.files import FilesOf
from include.sources.impc.source import IMPC
from tests.support.impc import load_images
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.warehouse import Warehouse

IMAGES, SEED = 60, 1
RUN = "immport_files/images"
STATES = "select state, count(*) from ops.file_download where run_id = :run group by 1 order by 1"


@pytest.fixture(scope="module")
def _sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(studies=1, rows=1, packages=False, images=IMAGES, seed=SEED) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: RunningSandbox) -> RunningSandbox:
    _sandbox.clear_faults()
    _sandbox.clear_requests()
    return _sandbox


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where files are kept."""
    return tmp_path / "files"


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    """A warehouse with the images of the newest release."""
    load_images(warehouse, IMAGES, SEED, IMPC_RELEASES[-1])
    return warehouse


@pytest.fixture
def hook(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[ImpcHook]:
    extra = {"max_retries": 1, "calls_per_second": 0}
    connection = {"conn_type": "impc", "host": sandbox.url, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_IMPC_DEFAULT", json.dumps(connection))
    with ImpcHook(wait=wait_none(), sleep=lambda _: None) as client:
        yield client


def bring(
    warehouse: Warehouse, hook: ImpcHook, storage: Storage, selection: ImageFilter, budget: int | None = None
) -> tuple[list[str], list[str]]:
    """Plan and fetch, as a run of the DAG does it. Returns what failed, and what is worth another try."""
    engine = warehouse.engine
    run_ledger.start_run(engine, RUN)
    files = list_images(engine, selection)
    choices = file_selection.choose(engine, storage, files, DownloadFilter(max_bytes=budget))
    file_plan.write_plan(engine, RUN, choices, IMPC.name)
    run_ledger.note_run(engine, RUN, listed=1)
    work = download_batch.Work(engine, hook, storage, RUN, logging.getLogger().info)
    failed: list[str] = []
    later: list[str] = []
    for item in file_plan.batches(engine, RUN):
        one, two = download_batch.fetch_batch(work, item["first"], item["count"], is_last_try=True)
        failed, later = failed + one, later + two
    return failed, later


def states(warehouse: Warehouse) -> dict[str, int]:
    return dict(warehouse.rows(STATES, run=RUN))


def requested(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    return [seen for seen in sandbox.requests() if seen["endpoint"] == "impcImageFile"]


def test_full_files_have_the_checksum_of_their_path_and_are_fetched_once(
    filled: Warehouse, hook: ImpcHook, sandbox: RunningSandbox, place: Path
) -> None:
    storage, wanted = Storage(str(place)), ImageFilter(FilesOf.IMAGES)
    assert bring(filled, hook, storage, wanted) == ([], [])
    offered = {
        sha: url
        for sha, url in filled.rows("select file_sha256, download_url from star.fact_impc_image")
        if url is not None
    }
    kept = {path.stem: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    assert kept.keys() == offered.keys()
    assert all(hashlib.sha256(content).hexdigest() == name for name, content in kept.items())
    assert any("/tracker/" in url for url in offered.values())
    assert states(filled)["present"] == len(offered) == len(requested(sandbox))
    reasons = filled.rows("select distinct error from ops.file_download where state = 'left out'")
    assert reasons == [("IMPC offers no address of it",)]
    sandbox.clear_requests()
    assert bring(filled, hook, storage, wanted, budget=0) == ([], [])
    assert states(filled)["present"] == len(offered)
    assert requested(sandbox) == []
    steps = filled.rows("select distinct source from ops.step where step = 'download'")
    assert steps == [("impc",)]


def test_small_pictures_of_what_is_selected_within_the_budget(
    filled: Warehouse, hook: ImpcHook, sandbox: RunningSandbox, place: Path
) -> None:
    chosen = ImageFilter(FilesOf.THUMBNAILS, genes=("MGI:107656", "MGI:104879"), procedures=("IMPC_XRY_001",))
    query = """select distinct f.omero_id from star.fact_impc_image f join star.dim_mouse_gene g
        using (mouse_gene_key) join star.dim_impc_procedure p using (impc_procedure_key)
        where g.mgi_id in ('MGI:107656', 'MGI:104879') and p.procedure_stable_id = 'IMPC_XRY_001'
        and f.thumbnail_url is not null"""
    numbers = {number for (number,) in filled.rows(query)}
    assert len(numbers) > 2
    budget = 2 * EXPECTED_BYTES[FilesOf.THUMBNAILS]
    assert bring(filled, hook, Storage(str(place)), chosen, budget) == ([], [])
    kept = {path.stem for path in place.rglob("*.jpg")}
    assert len(kept) == 2
    assert kept < numbers
    assert bring(filled, hook, Storage(str(place)), chosen) == ([], [])
    assert {path.stem for path in place.rglob("*.jpg")} == numbers
    assert len(list_images(filled.engine, ImageFilter(FilesOf.THUMBNAILS, most=3))) == 3
    centres = {file.study for file in list_images(filled.engine, ImageFilter(FilesOf.IMAGES, ("TCP", "ICS")))}
    assert centres <= {"TCP", "ICS"}


def test_a_broken_file_goes_on_and_a_wrong_or_missing_one_is_not_kept(
    filled: Warehouse, hook: ImpcHook, sandbox: RunningSandbox, place: Path
) -> None:
    files = [file for file in list_images(filled.engine, ImageFilter(FilesOf.IMAGES)) if file.address]
    first, second, third = ((file.address or "").rpartition("/")[2] for file in files[:3])
    sandbox.fault("impcImageFile", "cut", study=first, times=1)
    sandbox.fault("impcImageFile", "corrupt", study=second)
    sandbox.fault("impcImageFile", "lost", study=third)
    failed, later = bring(filled, hook, Storage(str(place)), ImageFilter(FilesOf.IMAGES))
    assert later == []
    assert len(failed) == 2
    wrong, missing = sorted(failed, key=lambda text: "404" in text)
    assert "sha-256" in wrong
    assert "twice" in wrong
    assert "impcImageFile" in missing
    assert (place / files[0].path).is_file()
    assert not any((place / file.path).exists() for file in files[1:3])
    ranges = [seen["range"] for seen in requested(sandbox) if seen["path"].endswith(first)]
    assert len(ranges) == 2
    assert ranges[0] is None
    assert str(ranges[1]).startswith("bytes=")
    summary = file_selection.finish(filled.engine, RUN)
    assert summary.state == "partial"
