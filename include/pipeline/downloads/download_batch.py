"""Bringing the planned files of a batch to the storage, one study after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from include.landing.object_store import Storage
from include.pipeline import run_ledger
from include.pipeline.batch_runner import Ended, running_step
from include.pipeline.downloads import fcs_headers
from include.pipeline.downloads.fcs_headers import UnreadHeaderError, is_fcs
from include.pipeline.downloads.file_plan import rows_of
from include.pipeline.downloads.file_selection import (
    FAILED,
    HEADER_READ,
    LEFT_OUT,
    PLANNED,
    PRESENT,
    release_of,
)
from include.pipeline.downloads.kept_content import NOTHING_KEPT, KeptContent, find_kept
from include.pipeline.run_ledger import Step, StudyRef, TaskRef
from include.pipeline.verdict import may_pass
from include.sources.errors import CredentialError
from include.sources.remote_files import RemoteFile
from include.warehouse.load.fence import SupersededError
from include.warehouse.schema.ops_tables import FILE_DOWNLOAD

if TYPE_CHECKING:
    from include.sources.client import FileSource

#: Seconds between two words about a download.
_REPORT_EVERY = 5.0
_MB = 1e6


@dataclass(frozen=True)
class Work:
    """What a batch works with.

    :param log: takes a log line and its arguments.
    :param task: the task that does it.
    :param ended: is given the number of each step once it has ended.
    :param fcs_headers_only: of FCS files that are not there only the header is fetched.
    """

    engine: sa.Engine
    hook: FileSource
    storage: Storage
    run_id: str
    log: Callable[..., None]
    task: TaskRef | None = None
    ended: Ended | None = None
    fcs_headers_only: bool = False


def fetch_batch(work: Work, first: int, count: int, *, is_last_try: bool) -> tuple[list[str], list[str]]:
    """Bring the files of a batch; one that fails leaves the others alone.

    :param is_last_try: a failure that would be worth another try is final.
    :return: files that failed for good, and those worth another try, with why.
    :raises CredentialError: no file can be had.
    """
    rows = [row for row in rows_of(work.engine, work.run_id, first, count) if row.state == PLANNED]
    failed: list[str] = []
    later: list[str] = []
    for (source, study), group in groupby(rows, key=lambda row: (row.source, row.study_accession)):
        files, before = list(group), len(failed) + len(later)
        about = StudyRef(study, release_of(work.engine, source, study), source=source)
        with running_step(work, about, "download") as step:
            meter = Meter(step, work.log, study, len(files))
            for row in files:
                try:
                    _fetch(work, row, meter)
                except SupersededError as error:
                    work.log("%s", error)
                except Exception as error:
                    message = run_ledger.brief(error)
                    passes = may_pass(error)
                    (later if passes else failed).append(f"{row.kept_as}: {message}")
                    state = PLANNED if passes and not is_last_try else FAILED
                    with suppress(SupersededError):
                        _set(work.engine, row, state=state, error=message)
                    if isinstance(error, CredentialError):
                        raise
            if any(is_fcs(row.path) for row in files):
                fcs_headers.read_markers(work.engine, study)
            step.rows, step.message = meter.files, meter.text()
            step.state = "failed" if len(failed) + len(later) > before else "done"
            work.log("%s: %s", study, step.message)
    return failed, later


def _fetch(work: Work, row: Any, meter: Meter) -> None:
    """Bring one file, unless an equal one is there."""
    name = row.path.rpartition("/")[2]
    file = RemoteFile(
        row.study_accession,
        row.file_uuid,
        name,
        row.size_bytes,
        row.md5,
        sha256=row.sha256,
        address=row.address,
    )
    if (found := find_kept(work.storage, row)) is not None:
        kept = found.at(str(work.storage.place(row.kept_as)))
        _set(work.engine, row, state=PRESENT, error=None, **kept)
        _read_kept(work, row, name)
        meter.end()
        return
    if work.fcs_headers_only and is_fcs(name):
        _read_remote(work, row, file, meter)
        return
    part = work.storage.part(row.kept_as, row.file_uuid)
    _set(work.engine, row, **NOTHING_KEPT)
    meter.begin(name)
    try:
        came = work.hook.download(file, part, progress=meter)
    finally:
        _count(work.engine, row, meter.of_file)
    with _locked(work.engine, row) as connection:
        content = KeptContent(came.size_bytes, came.md5)
        _replace(connection, row, content.at(work.storage.keep(part, row.kept_as)))
    _read_kept(work, row, name)
    meter.end()


def _read_kept(work: Work, row: Any, name: str) -> None:
    """Read the header of an FCS file that is here. One that cannot be read is a file all the same."""
    if not is_fcs(name):
        return
    found = fcs_headers.is_known(work.engine, row.study_accession, row.file_uuid)
    if found is None:
        try:
            with work.storage.opened(row.kept_as) as content:
                found = fcs_headers.read(work.engine, row.study_accession, row.file_uuid, content, name)
        except UnreadHeaderError as error:
            found = f"not read: {error}"
            work.log("%s of %s: header %s", name, row.study_accession, found)
    _set(work.engine, row, fcs_header=found)


def _read_remote(work: Work, row: Any, file: RemoteFile, meter: Meter) -> None:
    """Read the header of an FCS file that stays at its source.

    :raises UnreadHeaderError: it cannot be read.
    """
    found = fcs_headers.is_known(work.engine, file.study, file.uuid)
    if found is None:
        meter.begin(file.name)
        try:
            with work.hook.parts(file, progress=meter) as content:
                found = fcs_headers.read(work.engine, file.study, file.uuid, content, file.name)
        finally:
            _count(work.engine, row, meter.of_file)
    _set(work.engine, row, state=HEADER_READ, error=None, fcs_header=found)
    meter.end()


def _set(engine: sa.Engine, row: Any, **values: Any) -> None:
    """Note something of a file.

    :raises SupersededError: another run has planned it anew.
    """
    with _locked(engine, row) as connection:
        connection.execute(_update(row).values(**values, changed_at=sa.func.now()))


@contextmanager
def _locked(engine: sa.Engine, row: Any) -> Iterator[sa.Connection]:
    """A transaction in which no other run plans the file anew; it waits as long as any lock.

    :raises SupersededError: another run has done so.
    """
    with engine.begin() as connection:
        owner = connection.scalar(sa.select(FILE_DOWNLOAD.c.run_id).where(*_is(row)).with_for_update())
        if owner != row.run_id:
            raise SupersededError(f"{row.kept_as}: superseded: run {owner} has planned it anew")
        yield connection


def _count(engine: sa.Engine, row: Any, came: int) -> None:
    """Count bytes that came for a file, whichever run has it by now."""
    with engine.begin() as connection:
        connection.execute(_update(row).values(bytes_fetched=FILE_DOWNLOAD.c.bytes_fetched + came))


def _replace(connection: sa.Connection, row: Any, kept: dict[str, Any]) -> None:
    """Note a file as present; what lay there before, under another UUID, is gone.

    :param kept: columns about what lies there.
    """
    table, now = FILE_DOWNLOAD.c, sa.func.now()
    gone = sa.update(FILE_DOWNLOAD).where(
        table.location == kept["location"], table.file_uuid != row.file_uuid
    )
    why = f"replaced by {row.file_uuid}"
    connection.execute(gone.values(state=LEFT_OUT, error=why, changed_at=now, **NOTHING_KEPT))
    connection.execute(_update(row).values(state=PRESENT, error=None, changed_at=now, **kept))


def _update(row: Any) -> sa.Update:
    return sa.update(FILE_DOWNLOAD).where(*_is(row))


def _is(row: Any) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    table = FILE_DOWNLOAD.c
    return table.study_accession == row.study_accession, table.file_uuid == row.file_uuid


class Meter:
    """The progress of a study's files, reported to `ops.step` and to the log every few seconds."""

    def __init__(self, step: Step, log: Callable[..., None], study: str, files: int) -> None:
        self._step, self._log, self._study = step, log, study
        self._planned = files
        self._name = ""
        self._started = self._reported_at = time.monotonic()
        self.files = self.of_file = self._bytes = 0

    def begin(self, name: str) -> None:
        """A file begins."""
        self._name, self.of_file = name, 0

    def __call__(self, _: int, came: int) -> None:
        """So many bytes came over the network for the file, whatever became of them."""
        self._bytes += came - self.of_file
        self.of_file = came
        if time.monotonic() - self._reported_at >= _REPORT_EVERY:
            self._reported_at = time.monotonic()
            self._step.progress(self.files, f"{self.text()}, now {self._name}")
            self._log("%s: %s, now %s", self._study, self.text(), self._name)

    def end(self) -> None:
        """A file is there."""
        self.files += 1

    def text(self) -> str:
        """Files, bytes and speed so far."""
        seconds = max(time.monotonic() - self._started, 0.001)
        megabytes = self._bytes / _MB
        return (
            f"{self.files} of {self._planned} files present, {self._bytes} bytes fetched,"
            f" {megabytes / seconds:.1f} MB/s"
        )
