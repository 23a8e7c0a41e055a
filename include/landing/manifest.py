"""What is known of landed answers: one fetch, its answers, and the manifest that makes it complete."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from include.sources.immport.source import IMMPORT
from include.sources.source import Source

FORMAT = 1

#: Stands in for an endpoint's name where the file is a Tab package.
PACKAGE = "package"
#: The same for the rows by table that a release counts.
COUNTS = "tableCount"


class LandingError(RuntimeError):
    """Landed bytes cannot be written, are missing, or are not the bytes that were received."""


@dataclass(frozen=True)
class Fetch:
    """One attempt to bring one scope of a source at one release: the folder of its answers.

    :raises LandingError: a part would not be a plain folder name.
    """

    scope: str
    release: str
    fetch_id: str
    source: Source = IMMPORT

    def __post_init__(self) -> None:
        if not self.source.scope.is_identifier(self.scope):
            raise LandingError(
                f"{self.source.title}: not the identifier of a {self.source.scope.title}: {self.scope!r}"
            )
        try:
            self.source.line.parse(self.release)
        except ValueError as error:
            raise LandingError(f"{self.scope}: {error}") from error
        self._check_fetch_id()

    def _check_fetch_id(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,120}", self.fetch_id):
            raise LandingError(f"{self.scope}: not a fetch id: {self.fetch_id!r}")

    @property
    def path(self) -> str:
        """Folder, relative to the root."""
        return f"{folder_of(self.source, self.scope)}/{self.release.replace(':', '')}/{self.fetch_id}"


def folder_of(source: Source, scope: str) -> str:
    """Folder of a scope, relative to the root: `SDY139`, `gene_lists/GO~3A0002218`."""
    if source is IMMPORT:
        return scope
    return f"{source.name}/{quote(scope, safe='').replace('%', '~')}"


def every_folder_of(source: Source) -> str:
    """Pattern of the folders of all scopes of a source, relative to the root."""
    return "SDY*" if source is IMMPORT else f"{source.name}/*"


@dataclass(frozen=True)
class RowsFile:
    """The rows of a landed JSON answer as lines for COPY, in a file beside it.

    :param path: file, relative to the root.
    :param sha256: of the file as stored.
    :param names: keys of the values, in the order of a line.
    :param version: number of the form of the lines.
    """

    path: str
    sha256: str
    names: tuple[str, ...]
    version: int


@dataclass(frozen=True)
class Landed:
    """One landed file: an answer, a part of one, or a package.

    :param endpoint: the endpoint that answered; `PACKAGE` or `COUNTS` for a file.
    :param path: file, relative to the root; empty when nothing was requested.
    :param parameters: query parameters that were sent.
    :param fetched_at: when its last byte arrived, ISO 8601, UTC.
    :param size_bytes: size as received.
    :param stored_bytes: size as stored, compressed.
    :param sha256: of the bytes as received.
    :param missing_keys: declared fields that rows did not have, with the number of such rows.
    :param unknown_keys: fields of rows that are not declared, with the number of such rows.
    :param repeated_keys: keys that one JSON object of a row has twice, with the number of such rows; the last
        value counts.
    :param piece: number of the part, from 1, of an answer that was requested in parts; 0 for a whole one.
    :param form: `json` or `tsv`, or what a reader of the endpoint is named by; of a file its ending.
    :param note: what a person should know: why nothing was requested, or why it was requested in parts.
    :param rows_expected: rows that another count has, of all parts together.
    :param expected_from: that count: the release's table counts, or the same data requested in other parts.
    :param ignored: filter that the source ignored: this is the answer of the request without it.
    :param refused: the error with which the source refused the answer for good; nothing of it is landed.
    :param stored_sha256: of the file as stored; empty of answers that were landed before it was noted.
    :param rows_file: the same rows for COPY, if there are many and every one can be staged.
    :param scope: what it was requested of, where the endpoint's reader must know that.
    :param etag: `ETag` that the source sent with it.
    :param last_modified: `Last-Modified` that the source sent with it.
    :param about: what a page says of itself, and the build of the source that it is of.
    """

    endpoint: str
    path: str
    parameters: dict[str, str]
    fetched_at: str
    size_bytes: int
    stored_bytes: int
    rows: int
    sha256: str
    missing_keys: dict[str, int] = field(default_factory=dict)
    unknown_keys: dict[str, int] = field(default_factory=dict)
    piece: int = 0
    form: str = "json"
    note: str | None = None
    rows_expected: int | None = None
    expected_from: str | None = None
    ignored: str | None = None
    repeated_keys: dict[str, int] = field(default_factory=dict)
    refused: str | None = None
    stored_sha256: str = ""
    rows_file: RowsFile | None = None
    scope: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    about: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, known: dict[str, Any]) -> Landed:
        """What was written down of one, today or before there was all of it.

        :raises TypeError: it is not that.
        """
        file = known.get("rows_file")
        if file is None:
            return cls(**known)
        return cls(**{**known, "rows_file": RowsFile(**{**file, "names": tuple(file["names"])})})

    @property
    def is_ready_for_copy(self) -> bool:
        """Whether its rows were landed as lines that COPY takes."""
        return self.form == "tsv" or self.rows_file is not None

    @property
    def name(self) -> str:
        """Its name, unique within its fetch."""
        return f"{self.endpoint}.{self.piece}" if self.piece else self.endpoint


@dataclass(frozen=True)
class Manifest:
    """A complete fetch: every answer of one scope at one release. Times are ISO 8601, UTC.

    :param source: base URL of who answered.
    :param source_name: name of the source that it was fetched of.
    """

    source: str
    scope: str
    release: str
    release_date: str | None
    fetch_id: str
    started_at: str
    finished_at: str
    landed: tuple[Landed, ...]
    format: int = FORMAT
    source_name: str = IMMPORT.name

    @property
    def rows(self) -> int:
        return sum(item.rows for item in self.landed)

    @property
    def package(self) -> Landed | None:
        """The package, if the study came as one."""
        return next((item for item in self.landed if item.endpoint == PACKAGE), None)

    def parts(self, endpoint: str) -> tuple[Landed, ...]:
        """The answer of one endpoint, in parts if it was requested in parts; none if it was not requested."""
        found = (item for item in self.landed if item.endpoint == endpoint)
        return tuple(sorted(found, key=lambda item: item.piece))

    def of(self, endpoint: str) -> Landed:
        """The answer of one endpoint that was requested whole.

        :raises LandingError: the fetch has none, or several parts of one.
        """
        found = self.parts(endpoint)
        if len(found) != 1:
            found_instead = f"{len(found)} parts of {endpoint}" if found else f"no {endpoint}"
            raise LandingError(f"{self.scope} {self.release}: fetch {self.fetch_id} has {found_instead}")
        return found[0]
