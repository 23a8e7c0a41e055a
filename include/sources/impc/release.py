"""IMPC's data releases: DR20.1 < DR22.1 < DR24.0, a numbering of its own, and the file that states them.

`release_metadata.json` has been seen in several shapes: an object about one release, with the counts of that
release or with those of all by release; a map of such objects by release is read, too. A key of its counts is
misspelt (`phentoypeCalls`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from include.sources.reader import NotDataError, cell, read_json
from include.sources.release import Release, ReleaseLine

#: How releases of IMPC are written: always with their point, in capitals in this warehouse.
PATTERN = "^DR[0-9]{1,5}\\.[0-9]{1,2}$"

_NAME = re.compile(r"(?:DR)?([0-9]{1,5})(?:\.([0-9]{1,2}))?", re.IGNORECASE)
_DAY_FIRST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]((?:19|20)[0-9]{2})")


class ImpcRelease(Release):
    """A data release of IMPC: `DR24.0`. Its number has nothing to do with those of ImmPort's."""

    def __str__(self) -> str:
        return f"DR{self.major}.{self.minor}"

    @property
    def number(self) -> str:
        """As IMPC's addresses name it: `24.0`."""
        return f"{self.major}.{self.minor}"

    @classmethod
    def parse(cls, text: str) -> ImpcRelease:
        """Read `DR24.0`, `dr24.0`, `24.0` or `24`.

        :raises ValueError: the text names no release.
        """
        found = _NAME.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"not a data release of IMPC: {text!r} (expected DR24.0)")
        return cls(int(found[1]), int(found[2] or 0))


@dataclass(frozen=True)
class ImpcLine(ReleaseLine):
    """IMPC's releases, by number."""

    @property
    def pattern(self) -> str:
        return PATTERN

    def parse(self, text: str) -> ImpcRelease:
        return ImpcRelease.parse(text)


@dataclass(frozen=True)
class ReleaseMetadata:
    """What the file says of one release.

    :param released: the day, None where it cannot be read.
    :param images: image records that it counts; None without such a count.
    :param genes: phenotyped genes.
    :param calls: phenotype calls, under either spelling of the key.
    """

    release: ImpcRelease
    released: date | None = None
    images: int | None = None
    genes: int | None = None
    calls: int | None = None


def read_metadata(chunks: Iterable[bytes]) -> ReleaseMetadata:
    """Read `release_metadata.json`; of several releases the newest.

    :raises NotDataError: it is not that, or names no release.
    """
    found = read_json(chunks)
    candidates = list(_releases(found))
    if not candidates:
        raise NotDataError("release metadata that name no release")
    release, about = max(candidates, key=lambda pair: pair[0].key)
    counts = _counts(about.get("summaryCounts"), release)
    return ReleaseMetadata(
        release,
        read_day(about.get("dataReleaseDate")),
        _images(about.get("dataQualityChecks")),
        _number(counts, "phenotypedGenes"),
        _number(counts, "phenotypeCalls", "phentoypeCalls"),
    )


def read_day(value: object) -> date | None:
    """A day as IMPC writes it: 12-12-2023 with the day first, or 2023-12-12; None for anything else."""
    text = str(value or "").strip()
    found = _DAY_FIRST.fullmatch(text)
    try:
        if found is not None:
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _releases(found: Any) -> Iterator[tuple[ImpcRelease, Mapping[str, Any]]]:
    """Each release that is named, with what is said of it."""
    items = found if isinstance(found, list) else [found]
    for item in items:
        if not isinstance(item, dict):
            continue
        if (release := _release(item.get("dataReleaseVersion"))) is not None:
            yield release, item
            continue
        for name, about in item.items():
            if isinstance(about, dict) and (release := _release(name)) is not None:
                yield release, about


def _release(value: object) -> ImpcRelease | None:
    try:
        return ImpcRelease.parse(cell(value) or "")
    except ValueError:
        return None


def _counts(value: object, release: ImpcRelease) -> Mapping[str, Any]:
    """The counts of a release, whether they are those of one or of all by release."""
    if not isinstance(value, dict):
        return {}
    of_releases = {_release(name): item for name, item in value.items() if isinstance(item, dict)}
    found = of_releases.get(release)
    return found if found is not None else value


def _images(value: object) -> int | None:
    checks = value if isinstance(value, list) else []
    for item in checks:
        if isinstance(item, dict) and item.get("dataType") == "image_record":
            return _number(item, "count")
    return None


def _number(counts: Mapping[str, Any], *names: str) -> int | None:
    for name in names:
        text = (cell(counts.get(name)) or "").strip()
        if re.fullmatch("[0-9]{1,15}", text):
            return int(text)
    return None
