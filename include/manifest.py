"""What is known of landed answers: one fetch, its answers, and the manifest that makes it complete."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

FORMAT = 1


class LandingError(RuntimeError):
    """Landed bytes cannot be written, are missing, or are not the bytes that were received."""


@dataclass(frozen=True)
class Fetch:
    """One attempt to bring one study at one release: the folder of its answers.

    :raises LandingError: a part would not be a plain folder name.
    """

    study: str
    release: str
    fetch_id: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"SDY\d{1,9}", self.study):
            raise LandingError(f"not a study accession: {self.study!r}")
        if not re.fullmatch(r"DR\d{1,5}(\.\d{1,2})?", self.release):
            raise LandingError(f"{self.study}: not a data release: {self.release!r}")
        self._check_fetch_id()

    def _check_fetch_id(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,120}", self.fetch_id):
            raise LandingError(f"{self.study}: not a fetch id: {self.fetch_id!r}")

    @property
    def path(self) -> str:
        """Folder, relative to the root."""
        return f"{self.study}/{self.release}/{self.fetch_id}"


@dataclass(frozen=True)
class VocabularyFetch(Fetch):
    """One attempt to bring the vocabularies, which belong to no study and no release."""

    study: str = field(default="vocabularies", init=False)
    release: str = field(default="", init=False)
    fetch_id: str = field(kw_only=True)

    def __post_init__(self) -> None:
        self._check_fetch_id()

    @property
    def path(self) -> str:
        """Folder, relative to the root."""
        return f"{self.study}/{self.fetch_id}"


@dataclass(frozen=True)
class Landed:
    """One landed answer.

    :param path: file, relative to the root.
    :param parameters: query parameters that were sent.
    :param fetched_at: when its last byte arrived, ISO 8601, UTC.
    :param size_bytes: size as received.
    :param stored_bytes: size as stored, compressed.
    :param sha256: of the bytes as received.
    :param missing_keys: declared fields that rows did not have, with the number of such rows.
    :param unknown_keys: fields of rows that nobody declared, with the number of such rows.
    """

    endpoint: str
    path: str
    parameters: dict[str, str]
    fetched_at: str
    size_bytes: int
    stored_bytes: int
    rows: int
    sha256: str
    missing_keys: dict[str, int]
    unknown_keys: dict[str, int]


@dataclass(frozen=True)
class Manifest:
    """A complete fetch: every answer of one study at one release. Times are ISO 8601, UTC."""

    source: str
    study: str
    release: str
    release_date: str | None
    fetch_id: str
    started_at: str
    finished_at: str
    landed: tuple[Landed, ...]
    format: int = FORMAT

    @property
    def fetch(self) -> Fetch:
        return Fetch(self.study, self.release, self.fetch_id)

    @property
    def rows(self) -> int:
        return sum(item.rows for item in self.landed)

    def of(self, endpoint: str) -> Landed:
        """The answer of one endpoint.

        :raises LandingError: the fetch has none.
        """
        for item in self.landed:
            if item.endpoint == endpoint:
                return item
        raise LandingError(f"{self.study} {self.release}: fetch {self.fetch_id} has no {endpoint}")
