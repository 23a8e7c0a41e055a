"""The files ImmPort keeps of a study, as its manifest describes them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from include.sources.drs.objects import AccessUrl
from include.sources.endpoint import Endpoint
from include.sources.foreign import quoted, summary
from include.sources.reader import NotDataError, cell, read_json, read_rows

T = TypeVar("T")

#: A number of bytes, and the largest that the warehouse can hold.
_DIGITS = re.compile(r" *[0-9]{1,19} *")
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class RemoteFile:
    """A file to download.

    :param uuid: its name in DRS; other bytes have another. Empty for a file that DRS does not know.
    :param name: for messages.
    :param size_bytes: None when unknown.
    :param md5: 32 lower-case hexadecimal digits; None when unknown.
    :param unreadable: what its source states of it that is not readable, in words: it counts as unknown.
    :param sha256: 64 lower-case hexadecimal digits; None when unknown.
    :param address: where it lies; None for a file whose address DRS gives.
    """

    study: str
    uuid: str
    name: str
    size_bytes: int | None
    md5: str | None
    unreadable: tuple[str, ...] = field(default=(), kw_only=True)
    sha256: str | None = field(default=None, kw_only=True)
    address: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class ListedFile(RemoteFile):
    """A file of a manifest.

    :param kind: its type: result_file, protocol_file, study_file, release_file, archive_file ...
    :param path: where it lies at ImmPort, as sent: foreign text, not a path to open.
    :param updated: the day it was last changed.
    :param kept_as: the path that it is kept under, where another file of its study has the path itself.
    :param expected_bytes: about how long it is, where its source states no size; None for no idea.
    """

    kind: str = ""
    path: str = ""
    accession: str | None = None
    updated: date | None = None
    kept_as: str | None = None
    expected_bytes: int | None = None


@dataclass(frozen=True)
class Downloaded:
    """A file that is here, whole and verified.

    :param size_bytes: bytes of the file.
    :param bytes_fetched: bytes that came over the network for it, this time.
    :param md5: MD5 of the bytes, 32 hexadecimal digits.
    :param resumed_from: bytes that an earlier try had left.
    :param requests: how often bytes were requested.
    """

    size_bytes: int
    bytes_fetched: int
    md5: str
    resumed_from: int
    requests: int


def read_manifest(chunks: Iterable[bytes], endpoint: Endpoint, study: str) -> list[ListedFile]:
    """Files of a manifest in its order; a UUID that is listed again is the same file.

    :raises NotDataError: it is not a manifest, or not of this study.
    """
    return listed_files(read_rows(chunks, endpoint), study)


def listed_files(rows: Iterable[Mapping[str, object]], study: str) -> list[ListedFile]:
    """Files of the rows of a manifest; as `read_manifest`."""
    files: dict[str, ListedFile] = {}
    for row in rows:
        file = _read_file({name: cell(value) for name, value in row.items()}, study)
        files.setdefault(file.uuid or file.path, file)
    return list(files.values())


def unreadable(files: Iterable[RemoteFile]) -> str | None:
    """What manifests say that is not readable, for a note; None for nothing."""
    return summary([f"{quoted(file.name)}: {what}" for file in files for what in file.unreadable])


def apart(listed: Sequence[ListedFile]) -> list[ListedFile]:
    """The files of a manifest, each with a path of its own to be kept under.

    Several files of one path are different files of different accessions. The one of the lowest accession
    keeps the path, whatever the order of the manifest; the name of each other one has its UUID before the
    ending.
    """
    by_path: dict[str, list[ListedFile]] = {}
    for file in listed:
        if file.uuid:
            by_path.setdefault(file.path, []).append(file)
    others = {file.uuid: _beside(file) for files in by_path.values() for file in sorted(files, key=_age)[1:]}
    return [replace(file, kept_as=others.get(file.uuid)) for file in listed]


def _age(file: ListedFile) -> tuple[int, str, str]:
    """Accessions are numbers, given one after the other."""
    return len(file.accession or ""), file.accession or "", file.uuid


def _beside(file: ListedFile) -> str:
    """`SDY1/ResultFiles/plate~<UUID>.txt`; a digest of a UUID that is not fit to be part of a name."""
    folder, slash, name = file.path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    if not stem:  # no ending
        stem, dot, ending = name, "", ""
    is_plain = file.uuid.replace("-", "").isalnum() and file.uuid.isascii() and len(file.uuid) <= 64
    mark = file.uuid if is_plain else hashlib.sha256(file.uuid.encode()).hexdigest()[:32]
    return f"{folder}{slash}{stem}~{mark}{dot}{ending}"


def _read_file(row: Mapping[str, str | None], study: str) -> ListedFile:
    """A file as listed. Its study and path are needed; what else is not readable is noted and left out."""
    if row.get("studyAccession") != study:
        raise NotDataError(f"a file of {quoted(row.get('studyAccession'))} in the manifest of {study}")
    uuid, path = row.get("fileUUID"), row.get("path")
    if not path:
        raise NotDataError(f"a file without a path: {quoted(uuid)}")
    findings: list[str] = []

    def read(name: str, reader: Callable[[str], T]) -> T | None:
        text = row.get(name)
        try:
            return reader(text) if text else None
        except ValueError:
            findings.append(f"{name} is not readable: {quoted(text)}")
            return None

    size, updated = read("filesizeBytes", _size), read("dateFileUpdated", _day)
    md5 = row.get("generatedMD5") or row.get("reportedMD5")
    return ListedFile(
        study,
        uuid or "",
        row.get("fileName") or path.rpartition("/")[2],
        size,
        md5.strip().lower() if md5 else None,
        row.get("fileType") or "",
        path,
        row.get("fileAccession"),
        updated,
        unreadable=tuple(findings),
    )


def _size(text: str) -> int:
    """:raises ValueError: it is not a number of bytes, or more than any file has."""
    if not _DIGITS.fullmatch(text) or (size := int(text)) > _LARGEST:
        raise ValueError(text)
    return size


def _day(text: str) -> date:
    """:raises ValueError: it does not begin with a date."""
    return date.fromisoformat(text[:10])


def read_address(chunks: Iterable[bytes]) -> AccessUrl:
    """The signed address in an answer of ImmPort's own route to files. No message contains any of it.

    :raises NotDataError: it holds none.
    """
    try:
        address = read_json(chunks)["url"]
    except (NotDataError, KeyError, TypeError):
        raise NotDataError("not an answer of DRS (message, url, status)") from None
    if not isinstance(address, str) or not address:
        raise NotDataError("DRS gave no address")
    return AccessUrl(address)
