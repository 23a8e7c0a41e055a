"""The files of a study: what the manifest says of them, and their bytes."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

from include.sandbox.row import Row

#: Endpoints that list files, each with the type it is about; None is every type.
LISTINGS: dict[str, str | None] = {
    "manifest": None,
    "allFileDetails": None,
    "studyFileDetails": "study_file",
    "protocolFileDetails": "protocol_file",
    "resultFileDetails": "result_file",
}


#: Bytes, the file that holds them, or what makes either on request.
Content = bytes | Path | Callable[[], bytes | Path]


@dataclass(frozen=True)
class StoredFile:
    """One file that ImmPort keeps of a study.

    :param details: its `fileDetailsId`.
    :param content: the bytes, the file that holds them, or what makes either; None when the store has
        lost them.
    :param size: bytes of a lost file; of another it is counted.
    """

    study: str
    kind: str
    accession: str
    path: str
    updated: date
    details: int
    workspace: int
    content: Content | None
    size: int = 0

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    @cached_property
    def stored(self) -> bytes | Path | None:
        """The bytes or the file that holds them."""
        return self.content() if callable(self.content) else self.content

    @property
    def length(self) -> int:
        """Its size in bytes."""
        if self.stored is None:
            return self.size
        return self.stored.stat().st_size if isinstance(self.stored, Path) else len(self.stored)

    @property
    def uuid(self) -> str:
        """Its name in DRS, other bytes under another. The first group is the study's number.

        Made of the accession and never of the name: two files may have one name.
        """
        _, rest = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.kind} {self.accession} {self.md5}")).split(
            "-", 1
        )
        return f"{int(self.study[3:]):08x}-{rest}"

    @property
    def md5(self) -> str | None:
        """MD5 of the bytes; None when there are none."""
        if isinstance(self.stored, Path):
            return _digest(self.stored)
        return None if self.stored is None else _md5(self.stored)

    def row(self) -> Row:
        """What the manifest says of it."""
        return {
            "fileDetailsId": self.details,
            "workspaceId": self.workspace,
            "reportedMD5": None,
            "generatedMD5": self.md5,
            "studyAccession": self.study,
            "filesizeBytes": self.length,
            "fileType": self.kind,
            "fileAccession": self.accession,
            "fileName": self.name,
            "path": self.path,
            "dateFileUpdated": self.updated.isoformat(),
            "fileUUID": self.uuid,
            "drsObjectCreated": "Y",
            "aigeneratedKeywords": None,
            "aigeneratedSummary": None,
        }


def file_rows(files: Iterable[StoredFile], endpoint: str) -> Iterator[Row]:
    """Rows of an endpoint that lists files."""
    kind = LISTINGS[endpoint]
    return (file.row() for file in files if kind in (None, file.kind))


def inventory(counts: Mapping[str, int]) -> bytes:
    """The text of a `_table_count.txt`: a table and its rows on each line."""
    return "".join(f"{table}\t{count}\n" for table, count in sorted(counts.items())).encode()


def listing(files: Iterable[StoredFile]) -> bytes:
    """The text of a `_manifest.txt`: a file and its size on each line."""
    return "".join(f"{file.name}\t{file.length}\n" for file in files).encode()


def study_of(file: str) -> str | None:
    """The study whose file a UUID names; None for text that is not a UUID."""
    try:
        return f"SDY{uuid.UUID(file).int >> 96}"
    except ValueError:
        return None


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@lru_cache(maxsize=1024)
def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
