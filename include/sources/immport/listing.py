"""What ImmPort lists: every shared study with the release that last changed it, the studies it restricts,
the release files of a study."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from include.sources.foreign import quoted, summary
from include.sources.plausible import doubt
from include.sources.reader import NotDataError, read_json
from include.sources.release import Release
from include.sources.source import is_study

#: A method and its rows, `ELISPOT (276)`; rows beyond which a count is not believed.
_COUNT = re.compile(r"\(([0-9]{1,18})\)\s*$")
_MOST_ROWS = 10**12


@dataclass(frozen=True)
class StudyListing:
    """One shared study.

    :param release: the data release that last changed it.
    :param release_date: None when it is not stated, or not readable.
    :param expected_rows: result rows that ImmPort counts per assay, a hint of the size; 0 without a
        usable one.
    """

    accession: str
    title: str
    release: Release
    release_date: date | None
    expected_rows: int


@dataclass(frozen=True)
class Listing:
    """The studies found.

    :param total: studies there are, as ImmPort counts them.
    :param complete: whether a study that is not listed is really not shared any more.
    :param reason: why the listing is not complete.
    :param note: what was not readable, or was there twice, of a listing that may be complete all the same.
    """

    studies: tuple[StudyListing, ...]
    total: int
    reason: str | None = None
    note: str | None = None

    @property
    def complete(self) -> bool:
        return self.reason is None

    @property
    def newest_release(self) -> Release | None:
        return max((study.release for study in self.studies), default=None)

    def newest_plausible(self, today: date) -> Release | None:
        """The newest release that can be by today: a slip of the source is not news."""
        possible = (
            study.release for study in self.studies if not doubt(study.release, study.release_date, today)
        )
        return max(possible, default=None)


@dataclass(frozen=True)
class Accessions:
    """A list of studies.

    :param studies: those that it names.
    :param unreadable: entries that name no study, in words: any study may be meant. None when there is none.
    """

    studies: frozenset[str]
    unreadable: str | None = None


@dataclass(frozen=True)
class Page:
    """One answer of the search: how many studies there are, and some of them as sent.

    :param received: hits, readable or not.
    :param problems: hits that name no study.
    :param repeated: keys that an object has twice, with the number of such objects.
    """

    total: int
    studies: dict[str, Mapping[str, Any]]
    received: int
    problems: tuple[str, ...] = ()
    repeated: Counter[str] = field(default_factory=Counter)


def walk(page: Callable[[int], Page]) -> Listing:
    """Collect all pages.

    :param page: answer of the search from a record on.
    """
    pages = walking()
    start = next(pages)
    while True:
        try:
            start = pages.send(page(start))
        except StopIteration as end:
            listing: Listing = end.value
            return listing


def walking() -> Generator[int, Page, Listing]:
    """Say from which record on the next page is wanted, take it, and give the listing at the end.

    `fromRecord` is documented to start at 0, but clients have counted from 1: offsets move by what
    was received, repeated studies are dropped, and only ImmPort's own total says when all are there.
    """
    seen: set[str] = set()
    studies: list[StudyListing] = []
    problems: list[str] = []
    notes: list[str] = []
    repeated: Counter[str] = Counter()
    totals: set[int] = set()
    start = 0
    while True:
        found = yield start
        totals.add(found.total)
        problems += found.problems
        repeated += found.repeated
        fresh = found.studies.keys() - seen
        seen.update(fresh)
        for accession in sorted(fresh):
            try:
                studies.append(_read_study(accession, found.studies[accession], notes))
            except ValueError as error:
                problems.append(f"{accession}: {error}")
        start += found.received
        if not fresh or len(seen) >= found.total:
            break
    if len(totals) > 1:
        problems.append(f"the number of studies changed while listing: {sorted(totals)}")
    if len(seen) != found.total:
        problems.append(f"{len(seen)} studies listed, {found.total} announced")
    if not seen:
        problems.append("no study at all")
    studies.sort(key=lambda study: int(study.accession[3:]))
    notes += _twice(repeated)
    return Listing(tuple(studies), found.total, summary(problems), summary(notes))


def read_page(chunks: Iterable[bytes]) -> Page:
    """Read an answer of the search, which is small: only the requested fields, and the facets.

    :raises NotDataError: it is not a search result, or not one of its hits names a study.
    """
    repeated: Counter[str] = Counter()
    try:
        hits = read_json(chunks, repeated)["hits"]
        total, found = hits["total"]["value"], list(hits["hits"])
    except (KeyError, TypeError):
        raise NotDataError(
            "not a search result (hits.total.value, hits.hits[]._source.study_accession)"
        ) from None
    if type(total) is not int:
        raise NotDataError("a search result whose total is not a number")
    studies: dict[str, Mapping[str, Any]] = {}
    problems: list[str] = []
    for hit in found:
        source = hit.get("_source") if isinstance(hit, dict) else None
        accession = source.get("study_accession") if isinstance(source, dict) else None
        if isinstance(source, dict) and isinstance(accession, str) and is_study(accession):
            studies[accession] = source
        else:
            problems.append(f"a hit without the accession of a study: {quoted(accession)}")
    if problems and not studies:
        raise NotDataError(f"a search result without a study: {problems[0]}")
    return Page(total, studies, len(found), tuple(problems), repeated)


def read_accessions(chunks: Iterable[bytes]) -> Accessions:
    """Read a list of study accessions: texts, or objects that name one.

    :raises NotDataError: it is not a list, or a list of something else.
    """
    repeated: Counter[str] = Counter()
    items = read_json(chunks, repeated)
    if not isinstance(items, list):
        raise NotDataError("not a list of study accessions")
    names = [item.get("studyAccession") if isinstance(item, dict) else item for item in items]
    found = frozenset(name for name in names if is_study(name))
    if items and not found:
        raise NotDataError(f"a list of {len(items)} without a single study accession")
    findings = [
        f"an entry names no study: {quoted(item)}"
        for item, name in zip(items, names, strict=True)
        if not is_study(name)
    ]
    return Accessions(found, summary([*findings, *_twice(repeated)]))


def _twice(repeated: Counter[str]) -> list[str]:
    return [f"{count} objects with the key {quoted(name)} twice" for name, count in sorted(repeated.items())]


def _read_study(accession: str, source: Mapping[str, Any], notes: list[str]) -> StudyListing:
    """A study as listed. Its release is needed; whatever else is not readable is noted and left out.

    :raises ValueError: the release is not one.
    """

    def unreadable(name: str, value: object) -> None:
        notes.append(f"{accession}: {name} is not readable: {quoted(value)}")

    release = source.get("latest_data_release_version")
    if not isinstance(release, str):
        raise ValueError(f"not a data release: {quoted(release)}")
    title, day = source.get("brief_title"), source.get("latest_data_release_date")
    if not isinstance(title, str | None):
        unreadable("brief_title", title)
    try:
        released = date.fromisoformat(day[:10]) if day else None
    except (TypeError, ValueError):
        unreadable("latest_data_release_date", day)
        released = None
    counts = source.get("assay_method_count") or []
    rows = 0
    for text in counts if isinstance(counts, list) else [counts]:
        found = _COUNT.search(text) if isinstance(text, str) else None
        if found is None or (count := int(found[1])) > _MOST_ROWS:
            unreadable("assay_method_count", text)
        else:
            rows += count
    return StudyListing(
        accession, title if isinstance(title, str) else "", Release.parse(release), released, rows
    )
