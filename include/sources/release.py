"""ImmPort's data releases: `DR49.1` lies between `DR49` and `DR50`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

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
