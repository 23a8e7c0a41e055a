"""History from before the warehouse: which older packages of a study there are, and which to load."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from include.pipeline.decide import Action, Decision
from include.sources.files import issued
from include.sources.release import Release
from include.warehouse.tables import CAPTURE, STUDY

if TYPE_CHECKING:
    from immport_provider.hooks.downloads import RemoteFile


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


def packages(files: Iterable[RemoteFile], study: str) -> dict[Release, RemoteFile]:
    """The package of each release of a study, oldest first; the one still offered beats its archive."""
    found: dict[Release, tuple[bool, RemoteFile]] = {}
    for file in files:
        told = issued(file.name)
        if told is None or told.study != study or told.what not in ("archive", "tab"):
            continue
        is_current = told.what == "tab"
        if told.release not in found or is_current:
            found[told.release] = (is_current, file)
    return {release: found[release][1] for release in sorted(found)}


def decide(
    study: str,
    files: Iterable[RemoteFile],
    captured: Collection[int],
    span: Span,
    *,
    force: bool = False,
    dry_run: bool = False,
) -> Iterator[tuple[Decision, RemoteFile | None]]:
    """What to do about each package of one study, oldest first.

    :param captured: release keys at which the warehouse holds the study whole.
    :param force: load those releases once more, too.
    """
    there = {release: file for release, file in packages(files, study).items() if release in span}
    for release, file in there.items():
        size = "of unknown size" if file.size_bytes is None else f"of {file.size_bytes / 1e6:,.1f} MB"
        if release.key in captured and not force:
            yield Decision(study, str(release), None, Action.KEEP, "captured already"), None
        else:
            action = Action.PLAN if dry_run else Action.LOAD
            yield Decision(study, str(release), None, action, f"{file.name} {size}"), file
    if not there:
        reason = f"ImmPort keeps no package from {span}"
        yield Decision(study, "", None, Action.KEEP, reason), None


def captured(engine: sa.Engine) -> dict[str, set[int]]:
    """Release keys at which each study is held whole."""
    statement = sa.select(CAPTURE.c.study_accession, CAPTURE.c.release_key).where(CAPTURE.c.kind == "full")
    keys: dict[str, set[int]] = {}
    with engine.connect() as connection:
        for study, key in connection.execute(statement):
            keys.setdefault(study, set()).add(key)
    return keys


def current_studies(engine: sa.Engine) -> list[str]:
    """Studies the warehouse holds, by number."""
    statement = sa.select(STUDY.c.study_accession).where(STUDY.c.state == "current")
    with engine.connect() as connection:
        return sorted(connection.scalars(statement), key=lambda study: int(study[3:]))
