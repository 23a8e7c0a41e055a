"""The files of a study that carry its releases in their names: packages, archives, inventories."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from include.sources.release import Release

_ISSUED = re.compile(
    r"(?P<study>SDY\d+)-(?P<release>DR\d+(?:\.\d+)?)(?:_(?P<what>\w+))?\.(?P<ending>\w+)", re.IGNORECASE
)


class Named(Protocol):
    """A file of a manifest."""

    @property
    def name(self) -> str: ...


F = TypeVar("F", bound=Named)


@dataclass(frozen=True)
class Issued:
    """What a file name says: `SDY139-DR25_Tab.zip` and `SDY139-DR25.zip` are packages of DR25."""

    study: str
    release: Release
    what: str


def issued(name: str) -> Issued | None:
    """Study and release of a release file or an archive; None for any other name."""
    found = _ISSUED.fullmatch(name)
    if found is None:
        return None
    what = found["what"] or ("archive" if found["ending"].lower() == "zip" else "")
    try:
        return Issued(found["study"].upper(), Release.parse(found["release"].upper()), what.lower())
    except ValueError:
        return None


def newest(files: Iterable[F], study: str, what: str) -> tuple[F, Release] | None:
    """The file of a kind (`tab`, `table_count`, `archive`) that carries the study's newest release."""
    found = [
        (file, named.release)
        for file in files
        if (named := issued(file.name)) and named.study == study and named.what == what
    ]
    return max(found, key=lambda pair: pair[1], default=None)
