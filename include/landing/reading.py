"""What a landing zone holds, as its readers see it: manifests of complete fetches, rows, lines."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from typing import Any

from airflow.sdk import ObjectStoragePath

from include.landing.files import Files, describe, explained
from include.landing.manifest import (
    COUNTS,
    FORMAT,
    PACKAGE,
    Fetch,
    Landed,
    LandingError,
    Manifest,
    RowsFile,
    every_folder_of,
    folder_of,
)
from include.landing.rows_file import VERSION
from include.sources.endpoint import Endpoint
from include.sources.immport.source import IMMPORT
from include.sources.reader import read_rows
from include.sources.row_reader import Intake
from include.sources.source import Source
from include.sources.tsv import Header, TsvBody, read_tsv, whole_lines

MANIFEST = "manifest.json"
logger = logging.getLogger(__name__)


def _read(chunks: Iterator[bytes], landed: Landed, endpoint: Endpoint) -> Iterator[dict[str, object]]:
    """Rows of an answer, in the form that it was landed in."""
    if endpoint.readers:
        return endpoint.readers[landed.form](chunks, landed.scope or "", Intake())
    return read_tsv(chunks, endpoint) if landed.form == "tsv" else read_rows(chunks, endpoint)


class LandingReader(Files):
    """What was landed, checked to be what was received."""

    def is_complete(self, fetch: Fetch) -> bool:
        """Whether the fetch has its manifest."""
        return (self.root / fetch.path / MANIFEST).exists()

    def read_manifest(self, fetch: Fetch) -> Manifest:
        """The manifest of a complete fetch.

        :raises LandingError: there is none, or it cannot be read.
        """
        return self._manifest(self.root / fetch.path / MANIFEST)

    def manifests(self, scope: str | None = None, source: Source = IMMPORT) -> list[Manifest]:
        """Every complete fetch of a source, of one scope or of all, oldest release first.

        :raises LandingError: a manifest cannot be read.
        """
        if not self.root.exists():
            return []
        folders = folder_of(source, scope) if scope else every_folder_of(source)
        found = [self._manifest(path) for path in self.root.glob(f"{folders}/*/*/{MANIFEST}")]

        def order(item: Manifest) -> tuple[int, int, str, str]:
            return source.line.parse(item.release).key, len(item.scope), item.scope, item.finished_at

        return sorted(found, key=order)

    def partial(self, fetch: Fetch) -> dict[str, Landed]:
        """What an interrupted fetch already landed, by name: only files whose bytes still agree.

        Endpoints that the source refused are not among them: the next try requests them again.
        """
        folder = self.root / fetch.path
        if not folder.exists():
            return {}
        found = (self._landed(path) for path in sorted(folder.glob("*.landed.json"), key=str))
        return {item.name: item for item in found if item is not None and self._is_intact(item)}

    def rows(self, landed: Landed, endpoint: Endpoint) -> Iterator[dict[str, object]]:
        """Rows of a landed answer, checked to the end.

        :raises LandingError: a file missing or changed since. It may come after rows: they count
            only when the iterator ends without it.
        """
        if not landed.path:
            return
        digest = hashlib.sha256()
        rows = 0
        with explained(landed):
            for row in _read(self._bytes(landed, digest.update), landed, endpoint):
                rows += 1
                yield row
        self._same(landed, digest.hexdigest(), rows)

    def lines_for_copy(self, landed: Landed, endpoint: Endpoint) -> Iterator[bytes] | None:
        """Blocks of whole lines (`json_blocks.LINES`) with all values of an endpoint.

        None where the answer has no such file, or one that is missing, changed, or made for other columns or
        by another version: then `rows` reads the answer itself.

        :raises LandingError: the answer is missing or changed since.
        """
        file = landed.rows_file
        if file is None or (file.version, file.names) != (VERSION, endpoint.names):
            return None
        with explained(landed):
            if self._stored_sha256(landed.path) != landed.stored_sha256:
                raise LandingError(f"{describe(landed)}: changed since it was landed (sha256 differs)")
        try:
            is_intact = self._stored_sha256(file.path) == file.sha256
        except OSError:
            is_intact = False
        if not is_intact:
            logger.warning("%s is missing or changed: its rows are made of the answer", file.path)
            return None
        return self._lines_for_copy(landed, file)

    def _lines_for_copy(self, landed: Landed, file: RowsFile) -> Iterator[bytes]:
        with explained(landed):
            yield from whole_lines(self._unpacked(file.path))

    def _stored_sha256(self, path: str) -> str:
        with self._place(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def lines(self, landed: Landed, endpoint: Endpoint) -> Iterator[tuple[Header, bytes]]:
        """Blocks of whole lines of a landed TSV, each with the header above them, checked to the end.

        :raises LandingError: as for `rows`.
        """
        digest = hashlib.sha256()
        with explained(landed):
            body = TsvBody(self._bytes(landed, digest.update), endpoint)
            for block in body.blocks():
                yield body.header, block
        self._same(landed, digest.hexdigest(), body.rows)

    def _same(self, landed: Landed, sha256: str, rows: int) -> None:
        if (sha256, rows) != (landed.sha256, landed.rows):
            raise LandingError(
                f"{describe(landed)}: changed since it was landed (sha256 or row count differ)"
            )

    def _is_intact(self, landed: Landed) -> bool:
        if not landed.path:
            return landed.refused is None
        digest = hashlib.sha256()
        try:
            if landed.endpoint in (PACKAGE, COUNTS):
                with self.package(landed):
                    return True
            with explained(landed):
                for _ in self._bytes(landed, digest.update):
                    pass
        except LandingError:
            return False
        return digest.hexdigest() == landed.sha256

    def _landed(self, path: ObjectStoragePath) -> Landed | None:
        try:
            return Landed.read(json.loads(path.read_text()))
        except (ValueError, TypeError, KeyError):  # a note of another version, or bit rot: fetched again
            return None

    def _manifest(self, path: ObjectStoragePath) -> Manifest:
        try:
            found: dict[str, Any] = json.loads(path.read_text())
            if found["format"] != FORMAT:
                raise LandingError(f"{path}: format {found['format']}, this version reads {FORMAT}")
            scope = found.pop("study", None) or found["scope"]
            return Manifest(**{**found, "scope": scope, "landed": tuple(map(Landed.read, found["landed"]))})
        except FileNotFoundError:
            raise LandingError(f"{path}: no such manifest, the fetch is not complete") from None
        except (ValueError, TypeError, KeyError) as error:
            raise LandingError(f"{path}: not a manifest: {error}") from error
