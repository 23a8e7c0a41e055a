"""The landing zone: what ImmPort sent, byte for byte, kept for ever and readable without ImmPort.

    <root>/SDY139/DR25/<fetch id>/elisa.json.gz        the answer, compressed
    <root>/SDY139/DR25/<fetch id>/elisa.rows.csv.gz    the same rows as lines for COPY, where there are many
    <root>/SDY139/DR25/<fetch id>/elisa.landed.json    what is known of both, until the manifest has it
    <root>/SDY139/DR25/<fetch id>/mbaa.2.json.gz       the second part of an answer requested in parts
    <root>/SDY139/DR25/<fetch id>/elisa.tsv.gz         where a check proved that TSV has the same values
    <root>/SDY139/DR25/<fetch id>/SDY139-DR25_Tab.zip  or the package instead of answers
    <root>/SDY139/DR25/<fetch id>/SDY139-DR25_table_count.txt  and what the release counts
    <root>/SDY139/DR25/<fetch id>/manifest.json        written last: the fetch is complete
    <root>/vocabularies/<fetch id>/lkSex.json.gz       the same for vocabularies

A file is visible only when it is whole. Nothing here is secret: no header, no key, no signed URL.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from airflow.sdk import ObjectStoragePath

from include.landing.manifest import PACKAGE, Fetch, Landed, LandingError, Manifest, RowsFile
from include.landing.packed_file import PackedFile
from include.landing.reading import MANIFEST, LandingReader
from include.landing.rows_file import VERSION, RowsWriter
from include.sources.endpoint import Endpoint, Group
from include.sources.row_reader import Intake
from include.sources.validate_answer import Confined, take_json, take_rows, take_tsv

__all__ = ["Fetch", "Landed", "Landing", "LandingError", "Manifest"]


class _Received:
    """Bytes of an answer, counted and digested while they arrive."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.digest = hashlib.sha256()
        self.size = 0

    def written_to(self, file: IO[bytes]) -> PackedFile:
        """The compressed file that they are written to."""
        return PackedFile(file, self.digest.update)

    def copied_to(self, file: PackedFile) -> Iterator[bytes]:
        """The same bytes, each handed to a file before it is passed on."""
        for chunk in self._chunks:
            self.size += len(chunk)
            file.write(chunk)
            yield chunk


class Landing(LandingReader):
    """A landing zone below `root`: a folder, or any URL that Airflow's object storage opens."""

    def receive(
        self,
        fetch: Fetch,
        endpoint: Endpoint,
        parameters: dict[str, str],
        chunks: Iterable[bytes],
        *,
        piece: int = 0,
        note: str | None = None,
        tsv_header: str | None = None,
        confined: Confined | None = None,
        form: str | None = None,
    ) -> Landed:
        """Land one answer, or one part of it, while it arrives.

        :param piece: number of the part, from 1; 0 for a whole answer.
        :param tsv_header: the answer is TSV, under this header line; JSON without it.
        :param confined: checks that the answer holds only rows that its filters request.
        :param form: which of the endpoint's readers reads it, if it has some.
        :raises NotDataError: the answer is not whole or no data; nothing was landed.
        :raises NotTsvError: it is not the TSV that was proven; nothing was landed.
        :raises FilterIgnoredError: it has rows that were not requested; nothing was landed.
        :raises LandingError: the fetch is complete already, or it cannot be written (disk full).
        """
        self._refuse_complete(fetch)
        form = form or ("json" if tsv_header is None else "tsv")
        name = f"{endpoint.name}.{piece}" if piece else endpoint.name
        target = self.root / f"{fetch.path}/{name}.{form}.gz"
        beside = self.root / f"{fetch.path}/{name}.rows.csv.gz"
        received = _Received(chunks)
        rows = RowsWriter(partial(self._arriving, beside, is_derived=True), endpoint.names)
        with self._arriving(target) as file, rows, received.written_to(file) as packed:
            chunks = received.copied_to(packed)
            if endpoint.readers:
                intake = take_rows(chunks, endpoint.readers[form], fetch.scope)
            else:
                intake = _take(chunks, endpoint, tsv_header, confined, rows)
        landed = Landed(
            endpoint.name,
            f"{fetch.path}/{target.name}",
            dict(parameters),
            _now(),
            received.size,
            packed.stored_bytes,
            intake.rows,
            received.digest.hexdigest(),
            dict(sorted(intake.missing.items())),
            dict(sorted(intake.unknown.items())),
            piece=piece,
            form=form,
            note=note,
            repeated_keys=dict(sorted(intake.repeated.items())),
            ignored=", ".join(sorted(confined.ignored)) or None if confined else None,
            stored_sha256=packed.stored_sha256,
            rows_file=self._rows_file(fetch, endpoint, beside, rows),
            scope=fetch.scope if endpoint.readers else None,
            about=dict(intake.about),
        )
        self._note_down(fetch, landed)
        return landed

    def _rows_file(
        self, fetch: Fetch, endpoint: Endpoint, path: ObjectStoragePath, rows: RowsWriter
    ) -> RowsFile | None:
        """What is known of the rows beside an answer. A file that has not all of them is removed."""
        if rows.is_given_up:
            self._remove(path)
        if rows.file is None:
            return None
        sha256 = rows.file.stored_sha256
        return RowsFile(f"{fetch.path}/{path.name}", sha256, endpoint.names, VERSION)

    def annotate(self, fetch: Fetch, landed: Landed, **known: Any) -> Landed:
        """Write down what else is known of landed bytes: a note, another count of their rows."""
        landed = replace(landed, **known)
        self._note_down(fetch, landed)
        return landed

    def discard(self, fetch: Fetch, landed: Landed) -> None:
        """Forget a landed file that does not belong to the answer after all.

        :raises LandingError: the fetch is complete already.
        """
        with self._guard():
            self._refuse_complete(fetch)
            self._remove(self._note(fetch, landed.name))
            if landed.path:
                self._remove(self.root / landed.path)
            if landed.rows_file:
                self._remove(self.root / landed.rows_file.path)

    def leave_out(
        self, fetch: Fetch, endpoint: Endpoint, why: str | None = None, *, refused: str | None = None
    ) -> Landed:
        """Note why there is no answer of an endpoint.

        :param why: the endpoint has no rows and is not requested: how that is known.
        :param refused: the error with which the source refused it for good.
        """
        landed = Landed(endpoint.name, "", {}, _now(), 0, 0, 0, "", note=why, refused=refused)
        self._note_down(fetch, landed)
        return landed

    def keep(
        self, fetch: Fetch, name: str, file: Path, parameters: dict[str, str], *, what: str = PACKAGE
    ) -> Landed:
        """Land a verified file, which is moved here: a package, or the table counts of a release.

        :param name: file name it is kept under, such as `SDY139-DR25_Tab.zip`.
        :param what: what it is, in place of an endpoint's name.
        :raises LandingError: the fetch is complete already, or it cannot be written (disk full).
        """
        self._refuse_complete(fetch)
        target = self.root / fetch.path / name
        with file.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        size = file.stat().st_size
        self._adopt(file, target)
        path = f"{fetch.path}/{name}"
        form = name.rpartition(".")[2].lower()
        landed = Landed(what, path, dict(parameters), _now(), size, size, 0, sha256, form=form)
        self._note_down(fetch, landed, size)
        return landed

    def write_manifest(
        self,
        fetch: Fetch,
        landed: Iterable[Landed],
        *,
        source: str,
        release_date: str | None,
        started_at: str,
    ) -> Manifest:
        """Declare a fetch complete. Its files can no longer be replaced.

        :param source: base URL of the source; user name, password and query are left out.
        :raises LandingError: complete already, an endpoint twice, a file missing, or not writable.
        """
        self._refuse_complete(fetch)
        items = tuple(landed)
        self._arrivals.settle()
        for name, count in Counter(item.name for item in items).items():
            if count > 1:
                raise LandingError(f"{fetch.scope} {name}: landed {count} times in fetch {fetch.fetch_id}")
        for item in items:
            if not item.path:  # nothing was requested
                continue
            if not item.path.startswith(f"{fetch.path}/") or not (self.root / item.path).exists():
                raise LandingError(
                    f"{fetch.scope} {item.endpoint}: {item.path} is not in fetch {fetch.fetch_id}"
                )
        manifest = Manifest(
            _without_credentials(source),
            fetch.scope,
            fetch.release,
            release_date,
            fetch.fetch_id,
            started_at,
            _now(),
            items,
            source_name=fetch.source.name,
        )
        self._remove_leftovers(fetch)  # before: a fetch that is complete is not looked at again
        self._write_json(self.root / fetch.path / MANIFEST, asdict(manifest))
        self._arrivals.settle()
        self._arrivals.take_notes()  # the manifest has them
        return manifest

    def _remove_leftovers(self, fetch: Fetch) -> None:
        """Remove what tries that were killed never put into place."""
        folder = self.root / fetch.path
        leftovers = [path for pattern in (".*.part", ".*.download") for path in folder.glob(pattern)]
        if leftovers:
            with self._guard():
                for leftover in leftovers:
                    leftover.unlink(missing_ok=True)

    def _note_down(self, fetch: Fetch, landed: Landed, size: int = 0) -> None:
        """Write down what is known of a landed file, for a try that goes on where this one ends.

        :param size: of a file that is in place already.
        """
        with self._arrivals.lock:
            self._arrivals.note(self._note(fetch, landed.name), landed, size)
            if self._arrivals.are_many:
                self.settle()

    def _remove(self, file: ObjectStoragePath) -> None:
        self._arrivals.forget(file)
        file.unlink(missing_ok=True)

    def _note(self, fetch: Fetch, name: str) -> ObjectStoragePath:
        return self.root / f"{fetch.path}/{name}.landed.json"

    def _refuse_complete(self, fetch: Fetch) -> None:
        if self.is_complete(fetch):
            raise LandingError(
                f"{fetch.scope} {fetch.release}: fetch {fetch.fetch_id} is complete, never rewritten"
            )


def _take(
    chunks: Iterable[bytes],
    endpoint: Endpoint,
    tsv_header: str | None,
    confined: Confined | None,
    rows: RowsWriter,
) -> Intake:
    """Read an answer to its end. JSON of a study becomes rows for COPY, too; a vocabulary is never copied."""
    if tsv_header is not None:
        return take_tsv(chunks, endpoint, tsv_header, confined)
    if endpoint.group is not Group.STUDY:
        return take_json(chunks, endpoint, confined)
    return take_json(chunks, endpoint, confined, rows.add)


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
