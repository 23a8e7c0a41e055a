"""The images of a world: documents by release, and a core that is built of those of one release."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

from include.sandbox.row import Row
from include.sources.impc.release import ImpcRelease


class ImageWorld(Protocol):
    """The image documents of a world."""

    @property
    def releases(self) -> Sequence[ImpcRelease]:
        """IMPC's releases, oldest first."""

    def numbers(self, release: ImpcRelease) -> Sequence[int]:
        """Numbers of the documents that a release has."""

    def document(self, number: int, release: ImpcRelease) -> Row:
        """A document without what an index adds; what has no value is not in it."""

    def centre(self, number: int, release: ImpcRelease) -> str | None:
        """The phenotyping centre of a document, which is looked for most."""

    def file(self, address: str) -> bytes | None:
        """The file at a path that documents name; None where there is none."""


class Core:
    """The index of one release, built once: each document has a key of its own, new at every build.

    :param build: another number, other keys.
    """

    def __init__(self, world: ImageWorld, release: ImpcRelease, build: int) -> None:
        self.world, self.release, self.build = world, release, build
        self._numbers = world.numbers(release)

    @cached_property
    def ordered(self) -> list[tuple[str, int]]:
        """Key and number of every document, in the order of the keys."""
        return sorted((self._key(number), number) for number in self._numbers)

    @cached_property
    def by_centre(self) -> dict[str | None, list[tuple[str, int]]]:
        """The same by centre."""
        found: dict[str | None, list[tuple[str, int]]] = {}
        for entry in self.ordered:
            found.setdefault(self.world.centre(entry[1], self.release), []).append(entry)
        return found

    def document(self, entry: tuple[str, int]) -> Row:
        """A document as the index has it."""
        key, number = entry
        version = 1_700_000_000_000_000_000 + (self.release.key + self.build) * 1_000_000_000 + number
        return {"id": key, **self.world.document(number, self.release), "_version_": version}

    def newest(self) -> tuple[str, int] | None:
        """The document that was indexed last."""
        return max(self.ordered, key=lambda entry: entry[1], default=None)

    def _key(self, number: int) -> str:
        named = f"{self.release} {self.build} {number}".encode()
        return str(uuid.UUID(bytes=hashlib.blake2b(named, digest_size=16).digest(), version=4))
