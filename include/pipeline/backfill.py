"""History from before the warehouse: which older packages of a study there are, and which to load."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from include.pipeline import run_ledger, work_list
from include.pipeline.work_decisions import Action, WorkDecision
from include.sources.errors import CredentialError, ImmPortError
from include.sources.immport.release_dates import ANNOUNCED
from include.sources.immport.release_files import issued
from include.sources.release import Release
from include.warehouse.load.fence import Attempt
from include.warehouse.schema.history_tables import DATA_RELEASE
from include.warehouse.schema.ops_tables import CAPTURE, SCOPES, WORK
from include.warehouse.schema.scopes import of_immport

if TYPE_CHECKING:
    from include.sources.client import SourceClient
    from include.sources.remote_files import ListedFile

#: Types of files among which packages are.
KINDS = ("archive_file", "release_file")


@dataclass(frozen=True)
class Span:
    """Releases wanted, both ends included; None is open.

    :raises ValueError: the first is later than the last.
    """

    first: Release | None = None
    last: Release | None = None

    def __post_init__(self) -> None:
        if self.first and self.last and self.last < self.first:
            raise ValueError(f"first_release {self.first} is later than last_release {self.last}")

    def __contains__(self, release: Release) -> bool:
        return not (self.first and release < self.first) and not (self.last and self.last < release)

    def __str__(self) -> str:
        return f"{self.first or 'the first'} to {self.last or 'the newest'}"


def packages(files: Iterable[ListedFile], study: str) -> dict[Release, ListedFile]:
    """The package of each release of a study, oldest first; the one still offered beats its archive."""
    found: dict[Release, tuple[bool, ListedFile]] = {}
    for file in files:
        named = issued(file.name)
        if named is None or named.study != study or named.what not in ("archive", "tab"):
            continue
        is_current = named.what == "tab"
        if named.release not in found or is_current:
            found[named.release] = (is_current, file)
    return {release: found[release][1] for release in sorted(found)}


def decide(
    study: str,
    files: Iterable[ListedFile],
    captured: Collection[int],
    span: Span,
    *,
    days: Mapping[Release, date] = ANNOUNCED,
    force: bool = False,
    dry_run: bool = False,
) -> Iterator[tuple[WorkDecision, ListedFile | None]]:
    """What to do about each package of one study, oldest first.

    :param captured: release keys at which the warehouse holds the study whole.
    :param days: days of releases, as far as they are known: a package does not state its own.
    :param force: load those releases once more, too.
    """
    there = {release: file for release, file in packages(files, study).items() if release in span}
    for release, file in there.items():
        size = "of unknown size" if file.size_bytes is None else f"of {file.size_bytes / 1e6:,.1f} MB"
        if release.key in captured and not force:
            yield WorkDecision(study, str(release), days.get(release), Action.KEEP, "captured already"), None
        else:
            action = Action.PLAN if dry_run else Action.LOAD
            what = "; ".join([f"{file.name} {size}", *file.unreadable])
            yield WorkDecision(study, str(release), days.get(release), action, what), file
    if not there:
        reason = f"ImmPort keeps no package from {span}"
        yield WorkDecision(study, "", None, Action.KEEP, reason), None


def plan(
    engine: sa.Engine,
    run: Attempt,
    hook: SourceClient,
    studies: Sequence[str],
    span: Span,
    *,
    force: bool = False,
    dry_run: bool = False,
) -> list[WorkDecision]:
    """List the packages of each study and write the work list of the run.

    A study whose manifest cannot be requested is put on hold, and the others go on.

    :param studies: all that the warehouse holds when empty.
    :raises CredentialError: the key is not accepted.
    """
    captures, days = captured(engine), {**ANNOUNCED, **_days_met(engine)}

    def of(study: str) -> list[tuple[WorkDecision, ListedFile | None]]:
        try:
            files = [file for kind in KINDS for file in hook.manifest(study, kind)]
        except CredentialError:
            raise
        except ImmPortError as error:
            reason = f"its packages could not be listed: {error}"
            return [(WorkDecision(study, "", None, Action.HOLD, reason), None)]
        there = captures.get(study, ())
        return list(decide(study, files, there, span, days=days, force=force, dry_run=dry_run))

    with ThreadPoolExecutor(hook.settings.calls_in_flight) as pool:
        found = [pair for pairs in pool.map(of, studies or current_studies(engine)) for pair in pairs]
    work_list.write_packages(engine, run, found)
    run_ledger.note_run(
        engine, run.run_id, listed=len(found), is_complete=False, note=f"backfill from {span}"
    )
    return [decision for decision, _ in found]


def describe_plan(engine: sa.Engine, run_id: str) -> str:
    """The number and size of the planned packages, by action."""
    statement = (
        sa.select(WORK.c.action, sa.func.count(), sa.func.sum(WORK.c.expected_bytes))
        .where(WORK.c.run_id == run_id)
        .group_by(WORK.c.action)
        .order_by(WORK.c.action)
    )
    with engine.connect() as connection:
        rows = connection.execute(statement).all()
    return "; ".join(f"{action}: {count}, {float(size or 0) / 1e6:,.1f} MB" for action, count, size in rows)


def _days_met(engine: sa.Engine) -> dict[Release, date]:
    """Days of the releases that the warehouse has met."""
    statement = sa.select(DATA_RELEASE).where(DATA_RELEASE.c.release_date.is_not(None))
    with engine.connect() as connection:
        rows = connection.execute(statement).all()
    return {Release.parse(row.release_version): row.release_date for row in rows}


def captured(engine: sa.Engine) -> dict[str, set[int]]:
    """Release keys at which each study is captured."""
    statement = sa.select(CAPTURE.c.scope, CAPTURE.c.release_key).where(
        of_immport(CAPTURE), CAPTURE.c.kind == "full"
    )
    keys: dict[str, set[int]] = {}
    with engine.connect() as connection:
        for study, key in connection.execute(statement):
            keys.setdefault(study, set()).add(key)
    return keys


def current_studies(engine: sa.Engine) -> list[str]:
    """Studies the warehouse holds, by number."""
    statement = sa.select(SCOPES.c.scope).where(of_immport(SCOPES), SCOPES.c.state == "current")
    with engine.connect() as connection:
        return sorted(connection.scalars(statement), key=lambda study: int(study[3:]))
