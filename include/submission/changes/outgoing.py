"""What is sent of files of changes: one text as it is, as in ImmPort's example; several as one zip file."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from include.file_access import make_folder, protect
from include.submission.changes.reader import TEXTS
from include.submission.package import PackageError
from include.submission.service.assemble import AssembledPackage, assemble, sent_name
from include.submission.templates.declarations import Templates

_NO_TEMPLATES = Templates((), "", "")
_BLOCK = 1 << 20


def assemble_changes(place: Path, folder: Path) -> AssembledPackage:
    """Write what is sent: of a file a copy, byte for byte, of a folder or zip file a zip file.

    :param folder: where to write it; made where it is missing.
    :raises PackageError: there is nothing, or it cannot be sent as it is.
    """
    if not place.is_file() or zipfile.is_zipfile(place):
        return assemble(place, _NO_TEMPLATES, folder)
    make_folder(folder)
    growing = folder / f".{place.name}.part"
    digest, size = hashlib.sha256(), 0
    try:
        with place.open("rb") as source, growing.open("wb") as target:
            while block := source.read(_BLOCK):
                digest.update(block)
                size += len(block)
                target.write(block)
    except OSError as error:
        growing.unlink(missing_ok=True)
        raise PackageError(f"{place.name} cannot be read whole: {error}") from error
    protect(growing)
    suffix = place.suffix.lower()
    named = sent_name(place, digest.hexdigest(), suffix if suffix in TEXTS else ".txt")
    return AssembledPackage(growing.replace(folder / named), digest.hexdigest(), size, 1)
