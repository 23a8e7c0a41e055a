"""Where downloaded files are kept: `<root>/<path that ImmPort gives>`, in a folder or an object storage.

A file is visible under its name only when it is whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from airflow.sdk import ObjectStoragePath
from fsspec import AbstractFileSystem

from include.file_access import make_folder, protect

_BLOCK = 1 << 20
_LOCAL = "file://"


class UnsafePathError(ValueError):
    """A path that ImmPort gives and that might lead out of the root."""


class StorageError(Exception):
    """A file that could not be kept (disk or bucket full, no permission)."""


def open_root(root: str) -> ObjectStoragePath:
    """A folder, or any URL that Airflow's object storage opens.

    Airflow takes the path of a `file://` URL as it stands: what a URL must encode, such as a space, would
    become part of the folder's name.
    """
    if root.startswith(_LOCAL):
        return ObjectStoragePath(_LOCAL + unquote(root.removeprefix(_LOCAL)))
    return ObjectStoragePath(root if "://" in root else _LOCAL + os.path.abspath(root))  # noqa: PTH100 - a Path keeps its `..`


class Storage:
    """Files below `root`: a folder, or any URL that Airflow's object storage opens."""

    def __init__(self, root: str) -> None:
        self.root = open_root(root)
        self.is_local = self.root.protocol == "file"

    def place(self, path: str) -> ObjectStoragePath:
        """Where a file of this path is kept. The path is foreign text.

        :raises UnsafePathError: it is absolute, climbs, hides, or holds characters no name has.
        """
        parts = path.split("/")
        if path.startswith("/") or not all(parts) or {".", ".."} & set(parts):
            raise UnsafePathError(f"a path that might lead out of the storage: {path!r}")
        if not path.isprintable() or "\\" in path:
            raise UnsafePathError(f"a path with characters that no file name has: {path!r}")
        place = self.root / path
        # A link that was set within the storage leads where ImmPort is not meant to write.
        if self.is_local and not _real(place).is_relative_to(_real(self.root)):
            raise UnsafePathError(f"a path that leads out of the storage: {path!r}")
        return place

    def part(self, path: str, uuid: str) -> Path:
        """Where a file grows until it is whole: beside its place, or on this machine if that is remote.

        Another version of the file, which has another UUID, grows elsewhere. The folder is made.

        :raises StorageError: it cannot be made.
        """
        name = f".{hashlib.sha256(uuid.encode()).hexdigest()[:32]}.part"
        folder = Path(tempfile.gettempdir()) / "immport-warehouse" / "files"
        if self.is_local:
            folder = Path(self.place(path).path).parent
        try:
            return make_folder(folder) / name
        except OSError as error:
            raise StorageError(f"{folder}: cannot be made: {error.strerror or error}") from error

    def size(self, path: str) -> int | None:
        """Bytes of a kept file; None without one."""
        place = self.place(path)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if place.is_file():
                return int(place.stat().st_size)
        return None

    def digest(self, path: str, algorithm: str) -> str:
        """Digest of a kept file, in hexadecimal. Of an object storage all of it is read.

        :param algorithm: as `hashlib` names it.
        :raises StorageError: it cannot be read.
        """
        found = hashlib.new(algorithm, usedforsecurity=False)
        with self.opened(path) as content:
            while block := content.read(_BLOCK):
                found.update(block)
        return found.hexdigest()

    @contextlib.contextmanager
    def opened(self, path: str) -> Iterator[BinaryIO]:
        """A kept file, to read and to seek in: of an object storage only the parts that are read come.

        :raises StorageError: it cannot be read.
        """
        place = self.place(path)
        try:
            with place.open("rb") as content:
                yield content
        except OSError as error:
            raise StorageError(f"{place}: cannot be read: {error.strerror or error}") from error

    def keep(self, part: Path, path: str) -> str:
        """Move a whole file to its place; the location it is kept at.

        :raises StorageError: it cannot be written.
        """
        place = self.place(path)
        try:
            if self.is_local:
                protect(part)
                part.replace(place.path)
                sync_folder(str(Path(place.path).parent))
            else:
                self._upload(part, place)
                part.unlink()
        except OSError as error:
            raise StorageError(f"{place}: cannot be written: {error.strerror or error}") from error
        return str(place)

    def _upload(self, part: Path, place: ObjectStoragePath) -> None:
        arriving = place.parent / part.name
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("rb") as content, arriving.open("wb") as kept:
                shutil.copyfileobj(content, kept, _BLOCK)
            move(self.root.fs, arriving.path, place.path)
        finally:
            if arriving.exists():
                self.root.fs.rm_file(arriving.path)


def move(storage: AbstractFileSystem, source: str, target: str) -> None:
    """Move a file within a storage, by its paths there.

    One that cannot rename, such as S3, copies it and removes the source, as that file alone: requests to
    remove several carry a checksum that some storages which speak S3 refuse.
    """
    if type(storage).mv is AbstractFileSystem.mv:
        storage.cp_file(source, target)
        storage.rm_file(source)
    else:
        storage.mv(source, target)


def _real(path: ObjectStoragePath) -> Path:
    return Path(path.path).resolve()


def sync_folder(path: str) -> None:
    """A rename is safe from a power cut only when its folder is on the disk, too."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
