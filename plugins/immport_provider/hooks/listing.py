"""What ImmPort lists: every shared study with the release that last changed it, the studies it restricts,
the release files of a study."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from include.sources.reader import NotDataError
from include.sources.release import Release


@dataclass(frozen=True)
class StudyListing:
    """One shared study.

    :param release: the data release that last changed it.
    :param expected_rows: result rows that ImmPort counts per assay, a hint of the size.
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
    """

    studies: tuple[StudyListing, ...]
    total: int
    reason: str | None = None

    @property
    def complete(self) -> bool:
        return self.reason is None

    @property
    def newest_release(self) -> Release | None:
        return max((study.release for study in self.studies), default=None)


@dataclass(frozen=True)
class Page:
    """One answer of the search: how many studies there are, and some of them as sent."""

    total: int
    studies: dict[str, Mapping[str, Any]]
    received: int


def walk(page: Callable[[int], Page]) -> Listing:
    """Collect all pages.

    `fromRecord` is documented to start at 0, but clients have counted from 1: offsets move by what
    was received, repeated studies are dropped, and only ImmPort's own total says when all are there.

    :param page: answer of the search from a record on.
    """
    seen: set[str] = set()
    studies: list[StudyListing] = []
    problems: list[str] = []
    totals: set[int] = set()
    start = 0
    while True:
        found = page(start)
        totals.add(found.total)
        fresh = found.studies.keys() - seen
        seen.update(fresh)
        for accession in sorted(fresh):
            try:
                studies.append(_read_study(accession, found.studies[accession]))
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
    return Listing(tuple(studies), found.total, "; ".join(problems) or None)


def read_page(chunks: Iterable[bytes]) -> Page:
    """Read an answer of the search, which is small: only the fields asked for, and the facets.

    :raises NotDataError: it is no search result.
    """
    try:
        hits = json.loads(b"".join(chunks))["hits"]
        total = hits["total"]["value"]
        sources = [hit["_source"] for hit in hits["hits"]]
        studies = {source["study_accession"]: source for source in sources}
    except (KeyError, TypeError, ValueError, RecursionError):
        raise NotDataError(
            "no search result (hits.total.value, hits.hits[]._source.study_accession)"
        ) from None
    if type(total) is not int or not all(re.fullmatch(r"SDY\d+", str(name)) for name in studies):
        raise NotDataError("a search result whose total or study_accession is of another kind")
    return Page(total, studies, len(sources))


def read_accessions(chunks: Iterable[bytes]) -> frozenset[str]:
    """Read a list of study accessions: texts, or objects that name one. What names no study is left out.

    :raises NotDataError: it is no list, or a list of something else.
    """
    try:
        items = json.loads(b"".join(chunks))
    except (ValueError, RecursionError):
        raise NotDataError("no list of study accessions") from None
    if not isinstance(items, list):
        raise NotDataError("no list of study accessions")
    names = (item.get("studyAccession") if isinstance(item, dict) else item for item in items)
    found = frozenset(name for name in names if isinstance(name, str) and re.fullmatch(r"SDY\d+", name))
    if items and not found:
        raise NotDataError(f"a list of {len(items)} without a single study accession")
    return found


def _read_study(accession: str, source: Mapping[str, Any]) -> StudyListing:
    day = source.get("latest_data_release_date")
    counts = source.get("assay_method_count") or []
    matches = [re.search(r"\((\d+)\)\s*$", str(text)) for text in counts]
    return StudyListing(
        accession,
        str(source.get("brief_title") or ""),
        Release.parse(str(source.get("latest_data_release_version"))),
        date.fromisoformat(str(day)[:10]) if day else None,
        sum(int(match[1]) for match in matches if match),
    )
