"""Files of studies: which are wanted, and how each download ended, recorded in `ops.file_download`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from include.landing.object_store import Storage, UnsafePathError
from include.pipeline import run_ledger
from include.pipeline.downloads.fcs_headers import is_fcs
from include.pipeline.run_ledger import StudyRef, TaskRef
from include.sources.errors import CredentialError, ImmPortError
from include.sources.remote_files import ListedFile, apart, unreadable
from include.warehouse.load.fence import NO_FINAL_STATUS
from include.warehouse.schema.ops_tables import FILE_DOWNLOAD, RUN, SCOPES, STEP
from include.warehouse.schema.scopes import of_immport

if TYPE_CHECKING:
    from include.sources.client import SourceClient

#: States of a file. Of one whose header alone was read, nothing is kept.
PLANNED, PRESENT, HEADER_READ, FAILED, LEFT_OUT = "planned", "present", "header read", "failed", "left out"
#: Why a file without a UUID cannot be had: of an image, of a study.
_NOT_OFFERED = ("IMPC offers no address of it", "ImmPort offers no download of it: no UUID")
#: Bytes that the header of an FCS file is expected to take of a run's budget.
HEADER_COST = 64 * 1024


@dataclass(frozen=True)
class DownloadFilter:
    """Which files are wanted.

    :param studies: accessions; all that the warehouse holds when empty.
    :param types: ImmPort's file types; all when empty.
    :param pattern: glob on the file's name.
    :param max_bytes: what the run may fetch; None for no limit.
    :param fcs_headers_only: of FCS files the header is read, and they are not downloaded.
    """

    studies: tuple[str, ...] = ()
    types: frozenset[str] = frozenset()
    pattern: str = "*"
    max_bytes: int | None = None
    fcs_headers_only: bool = False

    def __str__(self) -> str:
        studies, types = (", ".join(sorted(names)) or "all" for names in (self.studies, self.types))
        return f"studies {studies}; types {types}; pattern {self.pattern}"

    def takes(self, file: ListedFile) -> bool:
        return (not self.types or file.kind in self.types) and fnmatchcase(file.name, self.pattern)

    def unmatched(self, files: Sequence[ListedFile], unread: Collection[str]) -> str | None:
        """Name the studies and requested types that match none of the files taken; None without any.

        :param unread: studies whose manifest could not be had: what they have is not known.
        """
        missing = {
            "studies": set(self.studies) - {file.study for file in files} - set(unread),
            "types": self.types - {file.kind for file in files},
        }
        named = [f"{what} {', '.join(sorted(names))}" for what, names in missing.items() if names]
        return f"without a matching file: {'; '.join(named)}" if named else None


@dataclass(frozen=True)
class FileSelection:
    """What becomes of a wanted file.

    :param cost: bytes that are to be fetched, at most.
    """

    file: ListedFile
    state: str
    why: str | None = None
    cost: int = 0


class WantedFiles(NamedTuple):
    """The files that a selection is of.

    :param scopes: studies, or centres, that were looked at.
    :param unmatched: what of the selection matches no file, in words.
    :param is_partial: whether some could not be looked at.
    """

    files: list[ListedFile]
    selection: str
    source: str
    scopes: int
    unmatched: str | None = None
    is_partial: bool = False


@dataclass(frozen=True)
class DownloadSummary:
    """How a run ended: `success`, `partial` (some files failed) or `failed`."""

    state: str
    counts: dict[str, int]
    text: str


def studies_of(engine: sa.Engine, selection: DownloadFilter) -> list[StudyRef]:
    """The studies whose files are looked at, by number."""
    with engine.connect() as connection:
        current = sa.select(SCOPES).where(of_immport(SCOPES), SCOPES.c.state == "current")
        releases = {row.scope: row.release_version for row in connection.execute(current)}
    names = sorted(set(selection.studies) or releases, key=lambda name: int(name[3:]))
    return [StudyRef(name, releases.get(name) or "") for name in names]


def release_of(engine: sa.Engine, source: str, scope: str) -> str:
    """The release of a scope that the warehouse holds; empty when it holds none."""
    found = sa.select(SCOPES.c.release_version).where(
        SCOPES.c.source == source, SCOPES.c.scope == scope, SCOPES.c.state == "current"
    )
    with engine.connect() as connection:
        return connection.scalar(found) or ""


def list_files(
    engine: sa.Engine,
    hook: SourceClient,
    run_id: str,
    selection: DownloadFilter,
    task: TaskRef | None = None,
) -> tuple[list[ListedFile], dict[str, ImmPortError]]:
    """Wanted files by their manifests, and the studies whose manifest could not be had.

    :param task: the task that requests them.
    :raises CredentialError: no manifest can be had.
    """
    files: list[ListedFile] = []
    failed: dict[str, ImmPortError] = {}
    for about in studies_of(engine, selection):
        try:
            with run_ledger.step(engine, run_id, about, "manifest", task) as step:
                listed = hook.manifest(about.scope)
                wanted = [file for file in apart(listed) if selection.takes(file)]
                step.rows, step.message = len(listed), f"{len(wanted)} of {len(listed)} files wanted"
                if findings := unreadable(listed):
                    step.message += f"; {findings}"
        except CredentialError:
            raise
        except ImmPortError as error:
            failed[about.scope] = error
        else:
            files += wanted
    return files, failed


def choose(
    engine: sa.Engine, storage: Storage, files: Sequence[ListedFile], selection: DownloadFilter
) -> list[FileSelection]:
    """What becomes of each file: within the budget those that come first, in the order given."""
    known = _kept_by_location(engine)
    left = selection.max_bytes
    taken: set[str] = set()
    choices = []
    for file in files:
        is_header = selection.fcs_headers_only and is_fcs(file.name)
        choice = _choose(storage, file, known, taken, left, is_header=is_header)
        if choice.state == PLANNED:
            taken.add(file.kept_as or file.path)
            left = None if left is None else left - choice.cost
        choices.append(choice)
    return choices


def _choose(
    storage: Storage,
    file: ListedFile,
    known: dict[str, _Kept],
    taken: set[str],
    left: int | None,
    *,
    is_header: bool,
) -> FileSelection:
    path = file.kept_as or file.path
    if not file.uuid or path in taken:
        why = "another file has the same path" if file.uuid else _NOT_OFFERED[file.expected_bytes is None]
        return FileSelection(file, LEFT_OUT, why)
    try:
        size, place = storage.size(path), str(storage.place(path))
    except UnsafePathError as error:
        return FileSelection(file, FAILED, str(error))
    if size is not None and _seems_here(file, size, known.get(place), is_local=storage.is_local):
        return FileSelection(file, PLANNED)
    expected = file.expected_bytes if file.size_bytes is None else file.size_bytes
    cost = expected or 0
    if is_header:
        cost = min(cost, HEADER_COST)
    if left is not None and (cost > left or expected is None):
        length = "size unknown" if expected is None else f"{cost} bytes"
        return FileSelection(file, LEFT_OUT, f"{length}, and {left} bytes are left of the run's budget")
    return FileSelection(file, PLANNED, cost=cost)


class _Kept(NamedTuple):
    """What is recorded of a place.

    :param md5: as stated of the file that lies there.
    """

    md5: str | None
    kept_bytes: int | None


def _seems_here(file: ListedFile, size: int, kept: _Kept | None, *, is_local: bool) -> bool:
    """Whether the bytes that lie at the place of a file are likely to be the file."""
    if file.size_bytes == size and is_local:
        return True
    if kept is None:
        return False
    if file.address is not None:  # its path has what it is known by
        return True
    return kept.md5 == file.md5 and size == (kept.kept_bytes if file.size_bytes is None else file.size_bytes)


def _kept_by_location(engine: sa.Engine) -> dict[str, _Kept]:
    table = FILE_DOWNLOAD.c
    recorded = sa.select(table.location, table.md5, table.kept_bytes).where(table.location.is_not(None))
    with engine.connect() as connection:
        return {row.location: _Kept(row.md5, row.kept_bytes) for row in connection.execute(recorded)}


def describe(choices: Sequence[FileSelection], *, is_dry: bool) -> str:
    """Files and bytes to be fetched; the total first, then per study and type."""
    planned = [item for item in choices if item.state == PLANNED]
    to_come = "to be fetched" if not is_dry else "would be fetched, in a dry run"
    lines = [
        f"{len(choices)} files wanted, {sum(item.cost > 0 for item in planned)} with"
        f" {sum(item.cost for item in planned)} bytes {to_come},"
        f" {sum(item.state == LEFT_OUT for item in choices)} left out"
    ]
    groups: dict[tuple[str, str], list[FileSelection]] = {}
    for item in planned:
        groups.setdefault((item.file.study, item.file.kind), []).append(item)
    for (study, kind), items in groups.items():
        lines.append(f"{study} {kind}: {len(items)} files, {sum(item.cost for item in items)} bytes to fetch")
    return "\n".join(lines)


def finish(engine: sa.Engine, run_id: str, planned: int | None = None) -> DownloadSummary:
    """Compare the files with the plan and close the record of the run.

    A file without an end, one that another run has planned anew, and a study whose manifest could not be
    had, is a failure.

    :param planned: files of the plan; those that the run still has when None.
    """
    table, steps = FILE_DOWNLOAD.c, STEP.c
    manifests = (
        sa.select(steps.scope, steps.state, steps.message)
        .where(steps.run_id == run_id, steps.step == "manifest")
        .order_by(steps.step_id)
    )
    with engine.connect() as connection:
        run = connection.execute(sa.select(RUN).where(RUN.c.run_id == run_id)).one()
        last = {row.scope: row for row in connection.execute(manifests)}
        rows = connection.execute(sa.select(FILE_DOWNLOAD).where(table.run_id == run_id)).all()
    counts = {
        state: sum(row.state == state for row in rows) for state in (PRESENT, HEADER_READ, FAILED, LEFT_OUT)
    }
    counts["unfinished"] = len(rows) - sum(counts.values())
    superseded = (planned or 0) - sum(row.position is not None for row in rows)
    problems = [f"{study}: no manifest: {row.message}" for study, row in last.items() if row.state != "done"]
    for row in rows:
        if row.state in (FAILED, PLANNED):
            problems.append(f"{row.study_accession}: {row.path}: {row.error or 'was not fetched'}")
    if superseded > 0:
        counts["superseded"] = superseded
        problems.append(f"{superseded} files: superseded: another run has planned them anew")
    state = "success"
    if run.listed is None:
        state, problems = "failed", ["the plan was not finished: nothing was decided"]
    elif problems:
        state = "partial" if counts[PRESENT] or counts[HEADER_READ] else "failed"
    run_ledger.finish_run(engine, run_id, state)
    if not counts[HEADER_READ]:
        del counts[HEADER_READ]
    summary = ", ".join(f"{number} {name}" for name, number in counts.items())
    notes = [run.note] if run.note and run.note != NO_FINAL_STATUS else []
    return DownloadSummary(state, counts, "\n".join([f"{state}: {summary}", *problems, *notes]))
