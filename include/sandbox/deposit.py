"""The files of a synthetic study: bytes made from its seed, with the names ImmPort gives."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta

from include.sandbox.files import StoredFile
from include.sandbox.plan import RELEASES, Study
from include.sandbox.world import Row

#: Files are ready some days before the release.
_AHEAD = timedelta(days=6)


class Deposit:
    """Makes the files of one study at one release.

    :param release: index of the release. A file keeps its `fileDetailsId` from release to release.
    :param workspace: the workspace of the study.
    """

    def __init__(self, study: Study, release: int, workspace: int) -> None:
        self.study, self.release, self.workspace = study, release, workspace

    def _file(
        self, kind: str, number: int, accession: str, folder: str, name: str, content: bytes, since: int
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

    def papers(self, files: Iterator[Row], protocols: Iterator[Row]) -> Iterator[StoredFile]:
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
            yield self._file(
                "result_file", 100 + file % 100, str(file), folder, name, content, self.study.born
            )

    def packages(self, counts: Mapping[str, int]) -> Iterator[StoredFile]:
        """The package of the newest release that changed the study, and the archives of those before.

        :param counts: rows by table.
        """
        own, latest = self.study.accession, self.study.latest(self.release)
        versions = list(RELEASES)
        stem = f"{own}-{versions[latest]}"
        inventory = "".join(f"{table}\t{count}\n" for table, count in sorted(counts.items()))
        contents = {
            f"{stem}_Tab.zip": self._bytes(f"{stem} Tab {inventory}", 4000 + 100 * latest),
            f"{stem}_MySQL.zip": self._bytes(f"{stem} MySQL {inventory}", 5000 + 100 * latest),
            f"{stem}_summary.txt": f"{own} {versions[latest]}\n".encode(),
            f"{stem}_table_count.txt": inventory.encode(),
        }
        listed = "".join(f"{name}\t{len(content)}\n" for name, content in contents.items())
        contents[f"{stem}_manifest.txt"] = listed.encode()
        for number, (name, content) in enumerate(contents.items(), 200 + 10 * latest):
            yield self._file("release_file", number, name, own, name, content, latest)
        for place in sorted({self.study.born, *self.study.events}):
            if place < latest:
                name = f"{own}-{versions[place]}.zip"
                content = self._bytes(name, 6000 + 100 * place)
                yield self._file("archive_file", 300 + place, name, f"{own}/archive", name, content, place)
