"""Which files are wanted, what fits the budget, and what becomes of a file that changes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from include.landing.object_store import Storage
from include.pipeline import run_ledger
from include.pipeline.downloads import download_batch, file_plan, file_selection
from include.pipeline.downloads.file_selection import FAILED, LEFT_OUT, PLANNED, PRESENT, DownloadFilter
from include.sources.errors import BadAnswerError, MissingFileError, WrongFileError
from include.sources.remote_files import Downloaded, ListedFile, RemoteFile, apart
from include.warehouse.schema.ops_tables import FILE_DOWNLOAD
from tests.support.warehouse import Warehouse

RUN = "immport_files/run"


def listed(number: int, content: str = "", **more: Any) -> ListedFile:
    text = content or f"content {number}"
    given = {
        "study": "SDY7",
        "uuid": f"u{number}",
        "name": f"f{number}.txt",
        "size_bytes": len(text),
        "md5": _md5(text),
        "kind": "result_file",
        "path": f"SDY7/f{number}.txt",
    }
    return ListedFile(**{**given, **more})


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


class Source:
    """Stands in for the hook: writes what it has of a file, or fails."""

    def __init__(self, **contents: str | Exception) -> None:
        self.contents = contents
        self.requested: list[str] = []

    def download(self, file: RemoteFile, target: Path, *, progress: Callable[[int, int], None]) -> Downloaded:
        self.requested.append(file.uuid)
        content = self.contents.get(file.uuid, f"content {file.uuid[1:]}")
        if isinstance(content, Exception):
            raise content
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
        progress(len(content), len(content))
        return Downloaded(len(content), len(content), _md5(content), 0, 1)


@pytest.fixture(params=["file", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "file":
        return Storage(str(tmp_path / "files"))
    attach("memory", fs=MemoryFileSystem())
    return Storage(f"memory://{tmp_path.name}/files")


def bring(
    warehouse: Warehouse,
    storage: Storage,
    wanted: list[ListedFile],
    source: Source | None = None,
    *,
    is_last_try: bool = True,
    budget: int | None = None,
) -> tuple[list[str], list[str]]:
    """Plan and fetch, as a run of the DAG does it."""
    source = source or Source()
    run_ledger.start_run(warehouse.engine, RUN)
    selection = DownloadFilter(max_bytes=budget)
    choices = file_selection.choose(warehouse.engine, storage, wanted, selection)
    file_plan.write_plan(warehouse.engine, RUN, choices)
    run_ledger.note_run(warehouse.engine, RUN, listed=1)
    work = download_batch.Work(warehouse.engine, source, storage, RUN, logging.getLogger().info)  # type: ignore[arg-type]  # of a hook it does what is called
    failed: list[str] = []
    later: list[str] = []
    for item in file_plan.batches(warehouse.engine, RUN):
        one, two = download_batch.fetch_batch(work, item["first"], item["count"], is_last_try=is_last_try)
        failed, later = failed + one, later + two
    return failed, later


def downloads(warehouse: Warehouse) -> dict[str, Any]:
    with warehouse.engine.connect() as connection:
        return {row.file_uuid: row for row in connection.execute(sa.select(FILE_DOWNLOAD))}


def test_the_filter_selects_by_type_and_name() -> None:
    file = listed(1)
    assert DownloadFilter().takes(file)
    assert DownloadFilter(types=frozenset({"result_file"}), pattern="f?.t*").takes(file)
    assert not DownloadFilter(types=frozenset({"study_file"})).takes(file)
    assert not DownloadFilter(pattern="F*").takes(file)


def test_the_budget_takes_what_fits(warehouse: Warehouse, storage: Storage) -> None:
    wanted = [
        listed(1, size_bytes=60),
        listed(2, size_bytes=50),
        listed(3, size_bytes=None),
        listed(4, size_bytes=40),
        listed(5, uuid=""),
        listed(6, size_bytes=0, path="SDY7/f1.txt"),
        listed(7, size_bytes=0, path="../f7"),
    ]
    choices = file_selection.choose(warehouse.engine, storage, wanted, DownloadFilter(max_bytes=100))
    assert [choice.state for choice in choices] == [
        PLANNED, LEFT_OUT, LEFT_OUT, PLANNED, LEFT_OUT, LEFT_OUT, FAILED,
    ]  # fmt: skip
    assert [choice.why for choice in choices if choice.state == LEFT_OUT] == [
        "50 bytes, and 40 bytes are left of the run's budget",
        "size unknown, and 40 bytes are left of the run's budget",
        "ImmPort offers no download of it: no UUID",
        "another file has the same path",
    ]
    assert file_selection.describe(choices, is_dry=False).startswith(
        "7 files wanted, 2 with 100 bytes to be fetched"
    )
    unbounded = file_selection.choose(warehouse.engine, storage, wanted[:4], DownloadFilter())
    assert {choice.state for choice in unbounded} == {PLANNED}


def test_what_is_equal_is_not_fetched_again(warehouse: Warehouse, storage: Storage) -> None:
    source = Source()
    wanted = [listed(number) for number in (1, 2, 3)]
    assert bring(warehouse, storage, wanted, source) == ([], [])
    assert source.requested == ["u1", "u2", "u3"]
    assert bring(warehouse, storage, wanted, source) == ([], [])
    assert source.requested == ["u1", "u2", "u3"]
    assert {row.state for row in downloads(warehouse).values()} == {PRESENT}
    assert file_selection.finish(warehouse.engine, RUN).counts == {
        "present": 3, "failed": 0, "left out": 0, "unfinished": 0,
    }  # fmt: skip
    # Of another size, or said to be of another content: fetched.
    storage.place("SDY7/f1.txt").write_text("short")
    other = [wanted[0], listed(2, md5=_md5("another 2")), wanted[2]]
    bring(warehouse, storage, other, source)
    assert source.requested[3:] == ["u1", "u2"]


def test_the_content_of_files_is_recorded_whatever_their_source_states(
    warehouse: Warehouse, storage: Storage
) -> None:
    wanted = [
        listed(1),
        listed(2, md5=None),
        listed(3, size_bytes=None),
        listed(4, md5=None, size_bytes=None),
    ]
    kept = {f"u{n}": (len(f"content {n}"), _md5(f"content {n}")) for n in (1, 2, 3, 4)}

    def recorded() -> dict[str, tuple[int, str]]:
        return {uuid: (row.kept_bytes, row.kept_md5) for uuid, row in downloads(warehouse).items()}

    def again(budget: int | None = None) -> list[str]:
        source = Source()
        assert bring(warehouse, storage, wanted, source, budget=budget) == ([], [])
        return source.requested

    assert again() == ["u1", "u2", "u3", "u4"]
    assert recorded() == kept
    assert again(budget=0) == []
    assert {row.state for row in downloads(warehouse).values()} == {PRESENT}, "what is here costs nothing"
    # Of files that came before this was recorded, a run records it, and fetches none.
    with warehouse.engine.begin() as connection:
        connection.execute(sa.update(FILE_DOWNLOAD).values(kept_bytes=None, kept_md5=None))
    assert again() == []
    assert recorded() == kept
    # What is not the recorded content is not the file. Of an object storage only the size shows it.
    storage.place("SDY7/f4.txt").write_text("another 4" if storage.is_local else "another")
    assert again() == ["u4"]
    assert recorded() == kept


def test_nothing_is_recorded_of_a_file_that_is_not_there(warehouse: Warehouse, storage: Storage) -> None:
    bring(warehouse, storage, [listed(1), listed(2)])
    other = [listed(1, md5=_md5("another 1")), listed(9, path="SDY7/f2.txt")]
    choices = file_selection.choose(warehouse.engine, storage, other, DownloadFilter())
    file_plan.write_plan(warehouse.engine, "immport_files/next", choices)
    planned = downloads(warehouse)["u1"]
    assert (planned.location, planned.kept_bytes, planned.kept_md5) == (None, None, None)
    bring(warehouse, storage, other, Source(u1=MissingFileError("gone")))
    rows = downloads(warehouse)
    assert [(rows[uuid].location, rows[uuid].kept_bytes, rows[uuid].kept_md5) for uuid in ("u1", "u2")] == [
        (None, None, None)
    ] * 2
    assert rows["u9"].kept_md5 == _md5("content 9")


def test_a_new_version_replaces_the_old(warehouse: Warehouse, storage: Storage) -> None:
    bring(warehouse, storage, [listed(1)])
    newer = listed(9, path="SDY7/f1.txt")
    bring(warehouse, storage, [newer])
    rows = downloads(warehouse)
    assert (rows["u1"].state, rows["u1"].error, rows["u1"].location) == (LEFT_OUT, "replaced by u9", None)
    assert (rows["u9"].state, storage.place("SDY7/f1.txt").read_text()) == (PRESENT, "content 9")


def test_failures_end_their_file_only(warehouse: Warehouse, storage: Storage) -> None:
    source = Source(
        u1=MissingFileError("gone"),
        u2=BadAnswerError("a page"),
        u3=OSError(28, "No space left"),
        u5=WrongFileError("MD5"),
        u6=LookupError("a fault of ours"),
    )
    wanted = [listed(number) for number in (1, 2, 3, 4, 5, 6)]
    failed, later = bring(warehouse, storage, wanted, source, is_last_try=False)
    assert [text.partition(":")[0] for text in failed] == [
        "SDY7/f1.txt", "SDY7/f5.txt", "SDY7/f6.txt",
    ]  # fmt: skip
    assert [text.partition(":")[0] for text in later] == ["SDY7/f2.txt", "SDY7/f3.txt"]
    assert {uuid: row.state for uuid, row in downloads(warehouse).items()} == {
        "u1": FAILED, "u2": PLANNED, "u3": PLANNED, "u4": PRESENT, "u5": FAILED, "u6": FAILED,
    }  # fmt: skip
    summary = file_selection.finish(warehouse.engine, RUN)
    assert (summary.state, summary.counts["unfinished"]) == ("partial", 2)
    assert "SDY7: SDY7/f3.txt: OSError: [Errno 28] No space left" in summary.text
    bring(warehouse, storage, wanted, source)
    assert {row.state for row in downloads(warehouse).values()} == {FAILED, PRESENT}
    assert source.requested[6:] == ["u1", "u2", "u3", "u5", "u6"]


def test_a_run_without_a_plan_fails(warehouse: Warehouse) -> None:
    run_ledger.start_run(warehouse.engine, RUN)
    assert file_selection.finish(warehouse.engine, RUN).state == "failed"


@pytest.mark.parametrize(
    ("count", "size"),
    [
        pytest.param(5000, 0, marks=pytest.mark.long),
        pytest.param(3000, 1 << 40, marks=pytest.mark.long),
        (3000, 1 << 20),
        (1, 1),
    ],
)
def test_batches_hold_every_file_once_and_are_few(
    warehouse: Warehouse, storage: Storage, count: int, size: int
) -> None:
    run_ledger.start_run(warehouse.engine, RUN)
    choices = [
        file_selection.FileSelection(listed(number, size_bytes=size), PLANNED) for number in range(count)
    ]
    left_out = file_selection.FileSelection(listed(count), LEFT_OUT, "why")
    file_plan.write_plan(warehouse.engine, RUN, [*choices, left_out])
    found = file_plan.batches(warehouse.engine, RUN)
    held = [item["count"] for item in found]
    assert [item["first"] for item in found] == [sum(held[:at]) for at in range(len(found))]
    assert sum(held) == count
    assert len(found) <= 1000
    assert file_plan.batches(warehouse.engine, "immport_files/another") == []


class Interrupted(Source):
    """Before one file is there, another run plans the same files."""

    def __init__(self, at: str, plan: Callable[[], None]) -> None:
        super().__init__()
        self.at, self.plan = at, plan

    def download(self, file: RemoteFile, target: Path, *, progress: Callable[[int, int], None]) -> Downloaded:
        done = super().download(file, target, progress=progress)
        if file.uuid == self.at:
            self.plan()
        return done


def test_of_two_runs_at_once_each_file_belongs_to_the_later(warehouse: Warehouse, storage: Storage) -> None:
    """The earlier one neither writes of a file that it lost nor passes over one that it still has."""
    other = "immport_files/other"
    wanted = [listed(number) for number in range(1, 7)]

    def plan() -> None:
        run_ledger.start_run(warehouse.engine, other)
        taken = file_selection.choose(warehouse.engine, storage, wanted[:4], DownloadFilter())
        file_plan.write_plan(warehouse.engine, other, taken)
        run_ledger.note_run(warehouse.engine, other, listed=1)

    source = Interrupted("u2", plan)
    assert bring(warehouse, storage, wanted, source) == ([], [])
    # The first was there before; the second lost its row while it came, the next two before they were begun.
    assert {uuid: (row.run_id, row.state) for uuid, row in downloads(warehouse).items()} == {
        "u1": (other, PLANNED), "u2": (other, PLANNED), "u3": (other, PLANNED), "u4": (other, PLANNED),
        "u5": (RUN, PRESENT), "u6": (RUN, PRESENT),
    }  # fmt: skip
    assert downloads(warehouse)["u2"].bytes_fetched == len("content 2")
    summary = file_selection.finish(warehouse.engine, RUN, planned=6)
    assert (summary.state, summary.counts["superseded"], summary.counts["present"]) == ("partial", 4, 2)
    assert "4 files: superseded: another run has planned them anew" in summary.text
    # The later run has all of its files, and fetches only what is not there.
    later = Source()
    work = download_batch.Work(warehouse.engine, later, storage, other, logging.getLogger().info)  # type: ignore[arg-type]  # of a hook it does what is called
    assert file_plan.batches(warehouse.engine, other) == [{"first": 0, "count": 4, "studies": ["SDY7"]}]
    assert download_batch.fetch_batch(work, 0, 4, is_last_try=True) == ([], [])
    assert file_selection.finish(warehouse.engine, other, planned=4).state == "success"
    assert {row.state for row in downloads(warehouse).values()} == {PRESENT}
    assert later.requested == ["u2", "u3", "u4"]


def test_an_older_file_is_not_put_where_a_later_run_plans_a_newer_one(
    warehouse: Warehouse, storage: Storage
) -> None:
    other = "immport_files/other"
    newer = listed(9, path="SDY7/f1.txt")

    def bring_newer() -> None:
        run_ledger.start_run(warehouse.engine, other)
        file_plan.write_plan(
            warehouse.engine,
            other,
            file_selection.choose(warehouse.engine, storage, [newer], DownloadFilter()),
        )
        work = download_batch.Work(warehouse.engine, Source(), storage, other, logging.getLogger().info)  # type: ignore[arg-type]  # of a hook it does what is called
        assert download_batch.fetch_batch(work, 0, 1, is_last_try=True) == ([], [])

    assert bring(warehouse, storage, [listed(1)], Interrupted("u1", bring_newer)) == ([], [])
    assert storage.place("SDY7/f1.txt").read_text() == "content 9"
    rows = downloads(warehouse)
    assert (rows["u9"].state, rows["u1"].state) == (PRESENT, LEFT_OUT)
    assert rows["u1"].error == "another file is planned in its place"
    assert file_selection.finish(warehouse.engine, RUN, planned=1).state == "failed"


def test_a_selection_names_itself() -> None:
    selection = file_selection.DownloadFilter(("SDY2", "SDY1"), frozenset({"study_file"}), "*.fcs")
    assert str(selection) == "studies SDY1, SDY2; types study_file; pattern *.fcs"
    assert str(file_selection.DownloadFilter()) == "studies all; types all; pattern *"


def test_files_of_one_path_are_kept_apart_whatever_their_order(
    warehouse: Warehouse, storage: Storage
) -> None:
    """Of one path and other accessions, under odd UUIDs, too; one without a UUID takes no place."""
    same = {"path": "SDY7/a.b/plate.txt", "name": "plate.txt"}
    wanted = [
        listed(9, accession="9", **same),
        listed(10, accession="10", **same),
        listed(8, accession="7", uuid="", **same),
        listed(11, accession="11", uuid="../x", **same),
        listed(1, path="SDY7/README", accession="1"),
        listed(2, path="SDY7/README", accession="2"),
    ]
    places = {file.uuid: file.kept_as for file in apart(wanted)}
    assert places == {file.uuid: file.kept_as for file in apart(wanted[::-1])}
    assert {uuid: place for uuid, place in places.items() if uuid != "../x"} == {
        "u9": None, "u10": "SDY7/a.b/plate~u10.txt", "": None, "u1": None, "u2": "SDY7/README~u2",
    }  # fmt: skip
    source = Source(**{"../x": "content x"})
    wanted[3] = listed(11, content="content x", accession="11", uuid="../x", **same)
    assert bring(warehouse, storage, apart(wanted), source) == ([], [])
    again = apart(wanted[::-1])
    assert bring(warehouse, storage, again, source) == ([], [])
    assert sorted(source.requested) == ["../x", "u1", "u10", "u2", "u9"]
    for file in again:
        if file.uuid:
            assert storage.digest(file.kept_as or file.path, "md5") == file.md5
    assert len({row.location for row in downloads(warehouse).values() if row.state == PRESENT}) == 5
