"""Releases, and the line that each source orders them on: by number, or by the time of the fetch.

Every release has a key, an integer that validity is counted in: a version is valid from one key to before
another. A source that numbers its releases has the line of these numbers: `DR49.1` lies between `DR49` and
`DR50`. One that has no releases, whose files change in place, is dated by its fetches.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import total_ordering
from typing import Protocol

#: For declarations that take a pattern; `Release.parse` is what decides.
RELEASE_PATTERN = "^DR[0-9]{1,5}(\\.[0-9]{1,2})?$"

#: One major release is this many keys wide: room for points, and for instants between releases.
MAJOR, POINT = 10_000, 100

#: Validity of a version that no later release has ended, and the instant that "now" stands for.
OPEN = 2_147_483_647
CURRENT = OPEN - 1


@total_ordering
@dataclass(frozen=True)
class Release:
    """A data release, ordered by number: DR9 < DR49 < DR49.1 < DR50."""

    major: int
    minor: int = 0

    @classmethod
    def parse(cls, text: str) -> Release:
        """Read `DR49.1`.

        :raises ValueError: the text names no release, or one that is not distinct from another.
        """
        found = re.fullmatch(r"DR([0-9]{1,5})(?:\.([0-9]{1,2}))?", text.strip())
        if found is None:
            raise ValueError(f"not a data release: {text!r} (expected DR50 or DR49.1)")
        return cls(int(found[1]), int(found[2] or 0))

    @property
    def key(self) -> int:
        """Position on the release line, DR49.1 = 490100."""
        return self.major * MAJOR + self.minor * POINT

    def __lt__(self, other: Release) -> bool:
        return self.key < other.key

    def __str__(self) -> str:
        return f"DR{self.major}.{self.minor}" if self.minor else f"DR{self.major}"


#: Where the seconds of fetches are counted from: the integer of a key lasts until 2088.
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


class Dated(Protocol):
    """A release of any line; its text is its name."""

    @property
    def key(self) -> int:
        """Position on the line."""


class ReleaseLine(Protocol):
    """How a source names and orders its releases.

    :ivar pattern: regular expression of their names, for declarations; `parse` is what decides.
    """

    @property
    def pattern(self) -> str:
        """Regular expression of the names of releases."""

    def parse(self, text: str) -> Dated:
        """Read the name of a release.

        :raises ValueError: it is not one.
        """


@dataclass(frozen=True)
class NumberedLine:
    """Releases with numbers: DR9 < DR49 < DR49.1 < DR50."""

    @property
    def pattern(self) -> str:
        return RELEASE_PATTERN

    def parse(self, text: str) -> Release:
        return Release.parse(text)


@total_ordering
@dataclass(frozen=True)
class FetchTime:
    """A release of a source that has none: the second at which a run began to fetch it, UTC."""

    at: datetime

    @classmethod
    def of(cls, at: datetime) -> FetchTime:
        """That of a point in time, to the second."""
        return cls(at.astimezone(UTC).replace(microsecond=0))

    @property
    def key(self) -> int:
        """Seconds since the beginning of 2020: 2026-11-30T17:05:00Z is 218135100."""
        return (self.at - EPOCH) // timedelta(seconds=1)

    def __lt__(self, other: FetchTime) -> bool:
        return self.key < other.key

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True)
class FetchLine:
    """The times of fetches, to the second: 2026-11-30T17:05:00Z."""

    @property
    def pattern(self) -> str:
        return "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"

    def parse(self, text: str) -> FetchTime:
        name = text.strip()
        if re.fullmatch(self.pattern, name) is None:
            raise ValueError(f"not a time of a fetch: {text!r} (expected 2026-11-30T17:05:00Z)")
        found = FetchTime(datetime.fromisoformat(name))
        if found.key < 0:
            raise ValueError(f"not a time of a fetch: {text!r} is before {EPOCH:%Y}")
        return found
