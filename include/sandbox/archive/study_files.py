"""The files of a study whose packages are at hand: these, archives of older ones, what they hold and name."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import partial

from include.sandbox.archive.tab_reader import Package
from include.sandbox.stored_files import Content, StoredFile, inventory, listing
from include.sources.release import Release

#: Folders of a package with files in them, and the type these have in the manifest and its folder there.
_FOLDERS = {
    "protocols": ("protocol_file", "Protocols"),
    "study_files": ("study_file", "StudyFiles"),
    "study_images": ("study_file", "StudyFiles"),
}
#: Tables that name such files, and the column with their accession.
_NAMED = {"protocol": "PROTOCOL_ACCESSION", "study_file": "STUDY_FILE_ACCESSION"}


def files_at_release(
    package: Package, older: Iterable[Package], releases: Mapping[Release, date]
) -> Iterator[StoredFile]:
    """The files of a study at the release of its package.

    Result files are known by name only: their bytes are lost, as ImmPort's sometimes are.
    """
    study = _Files(package, releases)
    yield from study.issued()
    yield from study.archives(older)
    yield from study.of_package()
    yield from study.results()


class _Files:
    """Files of one study, kind by kind. The number of each is made of its place, below 100,000."""

    def __init__(self, package: Package, releases: Mapping[Release, date]) -> None:
        self._package = package
        self._releases = releases
        self._first = int(package.study[3:]) * 100_000
        self._workspace = int(package.table("study").iloc[0].get("WORKSPACE_ID") or 0)

    def _file(
        self,
        kind: str,
        accession: str,
        path: str,
        place: int,
        content: Content | None,
        *,
        at: Release | None = None,
        size: int = 0,
    ) -> StoredFile:
        return StoredFile(
            self._package.study,
            kind,
            accession,
            f"{self._package.study}/{path}",
            self._releases[at or self._package.release],
            self._first + place,
            self._workspace,
            content,
            size,
        )

    def issued(self) -> list[StoredFile]:
        """What a release issues of a study: its package, and what lists and counts it."""
        study, now = self._package.study, self._package.release
        stem = f"{study}-{now}"
        contents: dict[str, Content] = {
            f"{stem}_Tab.zip": self._package.path,
            f"{stem}_summary.txt": f"{study} {now}\n".encode(),
            f"{stem}_table_count.txt": lambda: inventory(self._package.counts()),
            f"{stem}_manifest.txt": lambda: listing(issued[:-1]),
        }
        # Four numbers a release, below those of the archives.
        places = range(40 * now.major + 4 * min(now.minor, 9), 10_000)
        issued = [
            self._file("release_file", name, name, place, content)
            for place, (name, content) in zip(places, contents.items(), strict=False)
        ]
        return issued

    def archives(self, older: Iterable[Package]) -> Iterator[StoredFile]:
        """The packages of older releases."""
        for item in older:
            name, place = f"{self._package.study}-{item.release}.zip", 10_000 + item.release.key // 100
            content = partial(_nested, item)
            yield self._file("archive_file", name, f"archive/{name}", place, content, at=item.release)

    def of_package(self) -> Iterator[StoredFile]:
        """Protocols, documents and images that lie in the package."""
        accessions = {
            row["FILE_NAME"]: row[column]
            for table, column in _NAMED.items()
            for row in self._package.table(table).to_dict("records")
            if row.get("FILE_NAME") and row.get(column)
        }
        with zipfile.ZipFile(self._package.path) as archive:
            for place, member in enumerate(archive.infolist(), 20_000):
                *folders, name = member.filename.split("/")
                if name and folders[-1] in _FOLDERS:
                    kind, folder = _FOLDERS[folders[-1]]
                    accession = accessions.get(name) or _accession(member.filename)
                    yield self._file(kind, accession, f"{folder}/{name}", place, archive.read(member))

    def results(self) -> Iterator[StoredFile]:
        """Result files that the package names."""
        for place, row in enumerate(self._package.table("file_info").to_dict("records"), 30_000):
            path = f"ResultFiles/{row['DETAIL'].replace(' ', '_')}/{row['NAME']}"
            size = int(row["FILESIZE_BYTES"] or 0)
            yield self._file("result_file", row["FILE_INFO_ID"], path, place, None, size=size)


def _accession(member: str) -> str:
    """What a file without an entry in a table is known by: the accession that is its whole name, or its place
    in the package. Two files of one folder have never one name."""
    folder, _, name = member.rpartition("/")
    return name if re.fullmatch(r"(PTL|SCH|SFL)\d+", name) else f"{folder.rpartition('/')[2]}/{name}"


def _nested(package: Package) -> bytes:
    """An archive: the package inside another, the same bytes each time."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        # A ZipInfo has a date of its own, always the same; a bare name would get today's.
        archive.writestr(zipfile.ZipInfo(package.path.name), package.path.read_bytes())
    return made.getvalue()
