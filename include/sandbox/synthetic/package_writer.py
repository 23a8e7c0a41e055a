"""Tab packages of synthetic studies, written to disk on demand."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import Any

from include.sandbox.archive.undecodable import raw_bytes
from include.sandbox.row import Row
from include.sandbox.server.serialize import chunks, printer
from include.sandbox.stored_files import StoredFile
from include.sandbox.synthetic.headers import headers
from include.sandbox.synthetic.measurements import Measurements
from include.sandbox.synthetic.package_tables import PackageTable, package_tables
from include.sandbox.synthetic.study_files import StudyFiles
from include.sandbox.synthetic.study_plan import RELEASES
from include.sources.release import Release

#: From this release on, tables without rows are left out; before, they are a header line.
WITHOUT_EMPTY = Release(51)

#: Header names of older releases, by today's: packages of the oldest release still have these.
OLDER = {
    "arm_or_cohort": {"TYPE_REPORTED": "TYPE"},
    "elisa_result": {"ANALYTE_REPORTED": "ANALYTE"},
    "planned_visit": {"NAME": "VISIT_NAME"},
}
_OLDEST = min(RELEASES)
_FOLDERS = {"protocol_file": "protocols", "study_file": "study_files"}


def cell(value: Any) -> str:
    """A value as a table holds it: null is empty, a number has no trailing zeros."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value if isinstance(value, str) else str(value)


def header_of(table: str, release: Release) -> tuple[str, ...]:
    """The header line of a table in packages of a release."""
    older = OLDER.get(table, {}) if release == _OLDEST else {}
    return tuple(older.get(name, name) for name in headers()[table])


def lines(header: Sequence[str], keys: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """A table as bytes, some at a time. No value holds a tab or a line's end, so nothing is escaped."""
    cells = printer([(key, "") for key in keys], cell)

    def parts() -> Iterator[str]:
        yield "\t".join(header) + "\n"
        for row in rows:
            yield "\t".join(cells(row)) + "\n"

    return chunks(parts(), raw_bytes)


def write(
    path: Path,
    stem: str,
    tables: Mapping[str, PackageTable],
    documents: Iterable[StoredFile],
    release: Release,
) -> None:
    """Write a package, the same bytes each time.

    :param stem: such as `SDY1001-DR51_Tab`, the folder at its top.
    :param documents: study files and protocols, which have folders of their own.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for table, content in sorted(tables.items()):
            rows = iter(content.rows())
            first = next(rows, None)
            if first is None and release >= WITHOUT_EMPTY:
                continue
            found = _chained(first, rows)
            # A member opened by its name is dated 1980, whenever it is written.
            with archive.open(f"{stem}/Tab/{table}.txt", "w") as member:
                for chunk in lines(header_of(table, release), content.keys(headers()[table]), found):
                    member.write(chunk)
        for document in documents:
            with archive.open(f"{stem}/Tab/{_FOLDERS[document.kind]}/{document.name}", "w") as member:
                member.write(document.stored if isinstance(document.stored, bytes) else b"")


def _chained(first: Row | None, rest: Iterator[Row]) -> Iterator[Row]:
    if first is not None:
        yield first
    yield from rest


def nest(package: Path, name: str, archive: Path) -> None:
    """Write an archive: a package inside another zip, the same bytes each time."""
    with (
        zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as outer,
        package.open("rb") as source,
        outer.open(name, "w") as member,
    ):
        shutil.copyfileobj(source, member)


class Bindery:
    """Makes packages and archives on demand, each once, in a folder that goes with it."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._lock = Lock()

    def package(self, measured: Measurements) -> Path:
        """The Tab package of a study as of its measurements."""
        release = list(RELEASES)[measured.release]
        stem = f"{measured.study.accession}-{release}_Tab"
        # Issued again, a package has other rows than one of the same name that is not.
        path = self._place(f"{stem}{'_again' if measured.again else ''}.zip")
        study_files = StudyFiles(measured.study, measured.release, measured.documents.workspace)
        documents = study_files.documents(measured.rows("file"), measured.rows("protocol"))
        self._once(path, lambda made: write(made, stem, package_tables(measured), documents, release))
        return path

    def archive(self, measured: Measurements) -> Path:
        """The archive that holds it."""
        package = self.package(measured)
        release = list(RELEASES)[measured.release]
        path = package.with_name(package.name.replace("_Tab", ""))
        self._once(path, lambda made: nest(package, f"{measured.study.accession}-{release}_Tab.zip", made))
        return path

    def _place(self, name: str) -> Path:
        with self._lock:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="immport-sandbox-")
        return Path(self._folder.name) / name

    def _once(self, path: Path, make: Callable[[Path], None]) -> None:
        """Make a file unless it is there; no reader sees an incomplete one."""
        with self._lock:
            if not path.exists():
                half = path.with_suffix(".part")
                make(half)
                half.replace(path)
