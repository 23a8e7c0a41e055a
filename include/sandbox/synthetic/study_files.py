"""The files of a synthetic study under ImmPort's names: its packages, and bytes made from its seed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from include.sandbox.row import Row
from include.sandbox.stored_files import Content, StoredFile, inventory, listing
from include.sandbox.synthetic.fcs_files import fcs_file
from include.sandbox.synthetic.study_plan import RELEASES, Study

#: Files are ready some days before the release.
_AHEAD = timedelta(days=6)


class StudyFiles:
    """Makes the files of one study at one release.

    :param release: index of the release. A file keeps its `fileDetailsId` from release to release.
    :param workspace: the workspace of the study.
    """

    def __init__(self, study: Study, release: int, workspace: int) -> None:
        self.study, self.release, self.workspace = study, release, workspace

    def _file(
        self, kind: str, number: int, accession: str, folder: str, name: str, content: Content, since: int
    ) -> StoredFile:
        return StoredFile(
            study=self.study.accession,
            kind=kind,
            accession=accession,
            path=f"{folder}/{name}",
            updated=list(RELEASES.values())[since] - _AHEAD,
            details=800_001 + self.study.index * 1000 + number,
            workspace=self.workspace,
            content=content,
        )

    def _bytes(self, what: str, size: int) -> bytes:
        """Text that depends on the seed and on what it stands for, as ImmPort's own would."""
        made = hashlib.shake_256(repr((self.study.seed, self.study.accession, what)).encode())
        return made.hexdigest(size // 2 + 1)[:size].encode()

    def documents(self, files: Iterator[Row], protocols: Iterator[Row]) -> Iterator[StoredFile]:
        """What the endpoints `file` and `protocol` name; the first study file changes with the study."""
        latest, own = self.study.latest(self.release), self.study.accession
        for number, row in enumerate(files):
            since = latest if number == 0 else self.study.events[-1]
            name, accession = row["fileName"], row["studyFileAccession"]
            content = self._bytes(f"{name} {since}", 900 + 40 * since)
            yield self._file("study_file", number, accession, f"{own}/StudyFiles", name, content, since)
        for number, row in enumerate(protocols, 10):
            name, accession = row["fileName"], row["protocolAccession"]
            content = self._bytes(name, 1500)
            yield self._file(
                "protocol_file", number, accession, f"{own}/Protocols", name, content, self.study.born
            )

    def results(self, paths: Iterator[Row]) -> Iterator[StoredFile]:
        """The files that `filePath` names.

        :param paths: one row of each.
        """
        for row in paths:
            file = row["fileInfoId"]
            folder, _, name = row["filePath"].lstrip("/").rpartition("/")
            content = self._bytes(name, row["filesizeBytes"])
            if name.endswith(".fcs"):
                content = fcs_file(row["filesizeBytes"], content)
            yield self._file(
                "result_file", 100 + file % 100, str(file), folder, name, content, self.study.born
            )

    def packages(
        self,
        places: Sequence[int],
        counts: Callable[[], Mapping[str, int]],
        tab: Callable[[int], Path] | None,
        archive: Callable[[int], Path] | None,
    ) -> Iterator[StoredFile]:
        """What was issued with a release: the newest package, and the archives of those before.

        :param places: indexes of the releases that issued a package, oldest first.
        :param counts: rows by table of the newest.
        :param tab: makes the Tab package of a release, `archive` the archive; None leaves both out.
        """
        own, latest = self.study.accession, places[-1]
        versions = list(RELEASES)
        stem = f"{own}-{versions[latest]}"
        contents: dict[str, Content] = {
            f"{stem}_Tab.zip": lambda: tab(latest) if tab else b"",
            f"{stem}_MySQL.zip": self._bytes(f"{stem} MySQL", 5000 + 100 * latest),
            f"{stem}_summary.txt": f"{own} {versions[latest]}\n".encode(),
            f"{stem}_table_count.txt": lambda: inventory(counts()),
        }
        if tab is None:
            del contents[f"{stem}_Tab.zip"]
        made = [
            self._file("release_file", number, name, own, name, content, latest)
            for number, (name, content) in enumerate(contents.items(), 200 + 10 * latest)
        ]
        yield from made
        name = f"{stem}_manifest.txt"
        yield self._file("release_file", 209 + 10 * latest, name, own, name, lambda: listing(made), latest)
        if archive is None:
            return
        for place in places[:-1]:
            name = f"{own}-{versions[place]}.zip"
            yield self._file(
                "archive_file", 300 + place, name, f"{own}/archive", name, partial(archive, place), place
            )
