"""Where an export is kept: a folder of its own below a root, in a file system or an object storage.

A folder is whole when it has a manifest. In a file system it appears at once, by renaming; an object storage
cannot rename a folder, so there the manifest goes first and comes last.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from include.file_access import make_folder, protect

MANIFEST = "manifest.json"


class ExportError(RuntimeError):
    """An export that could not be made; the message says why."""


class ExportBusyError(ExportError):
    """Another export to the same place is at work: it ends by itself."""


class Place:
    """The folder `name` below `root`."""

    def __init__(self, root: str, name: str) -> None:
        self._root, self._name = root, name
        self._local: Path | None = None
        if "://" not in root:
            self._local = Path(root).absolute()
        elif root.startswith("file://"):
            self._local = Path(unquote(urlsplit(root).path))

    def __str__(self) -> str:
        return str(self._target)

    @property
    def _target(self) -> Any:
        """The folder, as a path of this machine or of Airflow's object storage."""
        if self._local is not None:
            return self._local / self._name
        from airflow.sdk import ObjectStoragePath

        return ObjectStoragePath(self._root) / self._name

    @contextlib.contextmanager
    def fresh(self) -> Iterator[Path]:
        """An empty folder to write into: beside the place, or on this machine if that is remote.

        What is left in it at the end is removed.

        :raises ExportError: it cannot be made or written.
        """
        try:
            if self._local is None:
                with tempfile.TemporaryDirectory(prefix="immport-export-") as folder:
                    yield Path(folder)
                return
            part = self._local / f".{self._name}.part"
            shutil.rmtree(part, ignore_errors=True)  # of an export that was killed
            make_folder(part)
            try:
                yield part
            finally:
                shutil.rmtree(part, ignore_errors=True)
        except OSError as error:
            raise ExportError(f"{self}: cannot be written: {error.strerror or error}") from error

    def holds(self, description: Mapping[str, Any]) -> bool:
        """Whether these very files are there, whenever they were written."""
        self._repair()
        try:
            kept = json.loads((self._target / MANIFEST).read_text())
            sizes = {item["path"]: item["bytes"] for item in kept["files"]}
            is_whole = all((self._target / path).stat().st_size == size for path, size in sizes.items())
        except (FileNotFoundError, json.JSONDecodeError, KeyError, TypeError):
            return False
        return is_whole and all(kept.get(name) == value for name, value in description.items())

    def put(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        """Move a folder's files to the place, with a manifest, in place of what was there."""
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
        for file in (path for path in folder.rglob("*") if path.is_file()):
            protect(file)
        if self._local is None:
            self._upload(folder)
            return
        target, old = self._local / self._name, self._old()
        if target.exists():
            target.rename(old)
        folder.rename(target)
        shutil.rmtree(old, ignore_errors=True)

    def _old(self) -> Path:
        return (self._local or Path()) / f".{self._name}.old"

    def _repair(self) -> None:
        """Undo a change that was killed between its two renames, or end it."""
        if self._local is None or not self._old().exists():
            return
        if self._target.exists():
            shutil.rmtree(self._old())
        else:
            self._old().rename(self._target)

    def _upload(self, folder: Path) -> None:
        target = self._target
        manifest = target / MANIFEST
        manifest.unlink(missing_ok=True)
        wanted = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MANIFEST]
        for path in [*wanted, folder / MANIFEST]:
            place = target / path.relative_to(folder).as_posix()
            place.parent.mkdir(parents=True, exist_ok=True)
            with path.open("rb") as content, place.open("wb") as kept:
                shutil.copyfileobj(content, kept, 1 << 20)
        names = {path.relative_to(folder).as_posix() for path in wanted}
        for schema in (path for path in target.iterdir() if path.is_dir()):
            for stale in schema.iterdir():
                if f"{schema.name}/{stale.name}" not in names:
                    stale.unlink()
