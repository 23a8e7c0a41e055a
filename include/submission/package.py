"""A package as a lab has it: a folder, a zip file or one template. What is unsafe is found, not unpacked."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

from include.submission import zip_safety
from include.submission.findings import Findings

#: Bytes of a template that are read: 100,000 rows have some 30 million.
MOST_TEMPLATE_BYTES = 1 << 30
_BLOCK = 1 << 20
#: What computers leave behind.
_STRAY_NAMES = {".ds_store", "thumbs.db", "desktop.ini"}


class PackageError(Exception):
    """There is no package to check: nothing at the path, or nothing that can be read."""


@dataclass(frozen=True)
class PackageFile:
    """A file of a package.

    :ivar path: within the package, with slashes.
    :ivar size: bytes, unpacked.
    """

    path: str
    size: int

    @property
    def name(self) -> str:
        """What templates call it."""
        return self.path.rpartition("/")[2]

    @property
    def is_stray(self) -> bool:
        name = self.name.lower()
        return name in _STRAY_NAMES or name.startswith(("._", "~$")) or self.path.startswith("__MACOSX/")


@dataclass
class SubmissionPackage:
    """The files of a package. Close it, or use it in a `with` statement.

    :ivar files: what can be read, in the order of their paths.
    """

    place: Path
    files: list[PackageFile] = field(default_factory=list)
    _archive: zipfile.ZipFile | None = None
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def is_zip(self) -> bool:
        return self._archive is not None

    def open(self, file: PackageFile) -> IO[bytes]:
        """:raises READ_ERRORS: it cannot be read."""
        if self._archive is not None:
            return self._archive.open(file.path)
        return (self.place if self.place.is_file() else self.place / file.path).open("rb")

    def read(self, file: PackageFile) -> bytes:
        """All bytes of a small file.

        :raises READ_ERRORS: it cannot be read.
        """
        with self.open(file) as stream:
            return stream.read(MOST_TEMPLATE_BYTES + 1)

    def digest(self, file: PackageFile, algorithm: str) -> str:
        """Checksum of a file of any size, in hexadecimal digits. A zip file's own checksum is compared, too.

        :raises READ_ERRORS: it cannot be read.
        """
        digest = hashlib.new(algorithm, usedforsecurity=False)
        with self.open(file) as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()

    def try_to_read(self, file: PackageFile) -> None:
        """Read a file of a zip file to its end, which compares its checksum; of another one, its first byte.

        :raises READ_ERRORS: it cannot be read.
        """
        with self.open(file) as stream:
            while stream.read(_BLOCK if self.is_zip else 1) and self.is_zip:
                pass


def open_package(place: Path, findings: Findings) -> SubmissionPackage:
    """Open a folder, a zip file or one template.

    :param findings: receives what is unsafe or damaged; such files are left out.
    :raises PackageError: it does not exist, or is neither.
    """
    try:
        if place.is_dir():
            return SubmissionPackage(
                place, sorted(_files_of_folder(place, findings), key=lambda file: file.path)
            )
        if not place.exists():
            raise PackageError(f"{place} does not exist")
        if place.suffix.lower() in {".xlsx", ".xlsm"} or not zipfile.is_zipfile(place):
            if place.suffix.lower() == ".zip":
                raise PackageError(f"{place} is not a zip file, or is cut short")
            return SubmissionPackage(place, [PackageFile(place.name, place.stat().st_size)])
        return _open_zip(place, findings)
    except zip_safety.READ_ERRORS as error:
        raise PackageError(f"{place} cannot be read: {error}") from error


def _files_of_folder(place: Path, findings: Findings) -> Iterator[PackageFile]:
    for path in place.rglob("*"):
        name = path.relative_to(place).as_posix()
        if path.is_symlink() and not path.resolve().is_relative_to(place.resolve()):
            findings.of(name, "").add("zip_path", f"{name} is a link that leads out of the package")
        elif path.is_file():
            yield PackageFile(name, path.stat().st_size)


def _open_zip(place: Path, findings: Findings) -> SubmissionPackage:
    package = SubmissionPackage(place)
    archive = package._open.enter_context(zipfile.ZipFile(place))
    package._archive = archive
    seen: set[str] = set()
    total = 0
    for info in archive.infolist():
        if info.is_dir() and not zip_safety.is_outside(info.filename):
            continue
        total += info.file_size
        if breach := _breach(info, seen, total):
            findings.of(info.filename, "").add(breach[0], f"{info.filename} {breach[1]}")
        else:
            package.files.append(PackageFile(info.filename, info.file_size))
        seen.add(info.filename.casefold())
    package.files.sort(key=lambda file: file.path)
    return package


def _breach(info: zipfile.ZipInfo, seen: set[str], total: int) -> tuple[str, str] | None:
    """The rule that a member breaks, and how."""
    if zip_safety.is_outside(info.filename):
        return "zip_path", "leads out of the zip file"
    if zip_safety.is_link(info):
        return "zip_path", "is a link"
    if zip_safety.is_encrypted(info):
        return "zip_encrypted", "is encrypted"
    if info.filename.casefold() in seen:
        return "zip_repeated", "stands twice in the zip file"
    if zip_safety.is_bomb(info) or total > zip_safety.MOST_BYTES:
        return "zip_bomb", f"grows from {info.compress_size:,} to {info.file_size:,} bytes"
    return None
