"""The zip file that is sent: of a folder, a zip file or one template, the same bytes for the same content.

Its name holds the digest of its content. The summary report of a ticket repeats the name: so a ticket is
recognised whose number was lost with the answer.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from include.file_access import make_folder, protect
from include.submission.findings import Findings
from include.submission.package import PackageError, PackageFile, SubmissionPackage, open_package
from include.submission.templates.declarations import Templates
from include.submission.templates.grid import write_text
from include.submission.templates.layout import is_template
from include.submission.templates.workbooks import WorkbookError, read_workbook
from include.submission.zip_safety import READ_ERRORS

_BLOCK = 1 << 20
_WORKBOOKS = (".xlsx", ".xlsm")
#: Files that do not get smaller.
_PACKED = (
    ".gz",
    ".zip",
    ".bz2",
    ".xz",
    ".7z",
    ".png",
    ".jpg",
    ".jpeg",
    ".pdf",
    ".docx",
    ".pptx",
    *_WORKBOOKS,
)
#: Every member has the same time, or the bytes would differ by when they were written.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o600
#: Hexadecimal digits of the digest in a file name.
_SHOWN_DIGITS = 12
_LONGEST_STEM = 60


@dataclass(frozen=True)
class AssembledPackage:
    """A zip file that is ready to be sent.

    :ivar digest: SHA-256 of names and content of its files, in hexadecimal digits.
    :ivar size: bytes of the zip file.
    :ivar files: how many files it holds.
    """

    path: Path
    digest: str
    size: int
    files: int

    @property
    def name(self) -> str:
        """What it is called where it arrives."""
        return self.path.name


def assemble(place: Path, templates: Templates, folder: Path) -> AssembledPackage:
    """Write the zip file of a package: its files without folders and strays, workbooks of templates as text.

    :param folder: where to write it; made where it is missing.
    :raises PackageError: no package lies there, or one that cannot be sent as it is.
    """
    findings = Findings()
    make_folder(folder)
    growing = folder / f".{place.name}.part"
    try:
        with open_package(place, findings) as package:
            if findings.errors:
                raise PackageError(f"{place.name}: {findings.items[0].message}")
            digest, count = _write(package, templates, growing)
    except READ_ERRORS as error:
        growing.unlink(missing_ok=True)
        raise PackageError(f"{place.name} cannot be read whole: {error}") from error
    except BaseException:
        growing.unlink(missing_ok=True)
        raise
    protect(growing)
    path = growing.replace(folder / sent_name(place, digest))
    return AssembledPackage(path, digest, path.stat().st_size, count)


def sent_name(place: Path, digest: str, suffix: str = ".zip") -> str:
    """The name of what is sent of a package."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", place.stem)[:_LONGEST_STEM].strip("._-") or "package"
    return f"{stem}-{digest[:_SHOWN_DIGITS]}{suffix}"


def _write(package: SubmissionPackage, templates: Templates, path: Path) -> tuple[str, int]:
    """Write all files. Returns the digest of their content, and how many they are."""
    whole, seen = hashlib.sha256(), set[str]()
    with zipfile.ZipFile(path, "w") as archive:
        for name, source in _members(package, templates):
            if name.casefold() in seen:
                raise PackageError(f"two files are named {name}")
            seen.add(name.casefold())
            member = zipfile.ZipInfo(name, _EPOCH)
            member.external_attr = _MODE << 16
            is_packed = name.lower().endswith(_PACKED)
            member.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
            digest, size = hashlib.sha256(), 0
            with source, archive.open(member, "w", force_zip64=True) as target:
                while block := source.read(_BLOCK):
                    digest.update(block)
                    size += len(block)
                    target.write(block)
            whole.update(f"{name}\0{size}\0{digest.hexdigest()}\n".encode())
    if not seen:
        raise PackageError(f"{package.place.name} holds no file")
    return whole.hexdigest(), len(seen)


def _members(package: SubmissionPackage, templates: Templates) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of each file, by name."""
    kept = [file for file in package.files if not file.is_stray]
    for file in sorted(kept, key=lambda item: (item.name, item.path)):
        texts = _texts(package, file, templates) if file.name.lower().endswith(_WORKBOOKS) else []
        if texts:
            yield from texts
        else:
            yield file.name, package.open(file)


def _texts(
    package: SubmissionPackage, file: PackageFile, templates: Templates
) -> list[tuple[str, IO[bytes]]]:
    """The templates in a workbook as text; none where it holds no template."""
    try:
        grids = [grid for grid in read_workbook(package.read(file)) if is_template(grid)]
    except WorkbookError:
        return []
    texts: list[tuple[str, IO[bytes]]] = []
    for number, grid in enumerate(grids):
        found = templates.find(grid.lines[0][0])
        stem = Path(found.file_name).stem if found else Path(file.name).stem
        further = f"_{number + 1}" if any(name == f"{stem}.txt" for name, _ in texts) else ""
        texts.append((f"{stem}{further}.txt", io.BytesIO(write_text(grid))))
    return texts
