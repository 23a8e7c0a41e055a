"""Files that arrived and are put into place together.

A file is safe once the disk has it and its folder, and it may be put into place only while nobody else has
taken its load. For each of the fifty answers of a small study that is more work than the answer. What arrives
within some seconds therefore waits: all of it is on the disk before any is in place, and one guard is entered
for all of it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import NamedTuple

from airflow.sdk import ObjectStoragePath

from include.landing.manifest import Landed, LandingError
from include.landing.object_store import move, sync_folder

#: What a process that is killed has to fetch again: at most so many files, bytes, and seconds of them.
MOST_FILES, MOST_BYTES, MOST_SECONDS = 200, 8 << 20, 10.0
#: Files that the disk is waited for at once: what is written at one moment costs it little more than one.
_AT_ONCE = 8


class _Arrival(NamedTuple):
    """A whole file: where it lies, and where it belongs."""

    part: ObjectStoragePath
    target: ObjectStoragePath
    is_derived: bool


@dataclass
class Arrivals:
    """Whole files under names of their own that wait to be put into place, and notes that wait for them.

    :param guard: entered around the change of what others see; raises where this process may not write.
    :param seconds: how long the first of them waits at most; 0 for files that wait for no other.
    """

    guard: Callable[[], AbstractContextManager[None]]
    seconds: float = 0.0
    _files: dict[str, _Arrival] = field(default_factory=dict)  # by the path of its place
    _notes: dict[str, tuple[ObjectStoragePath, Landed]] = field(default_factory=dict)
    _bytes: int = 0
    _since: float = 0.0
    #: Held while files are put into place: threads may land parts of one answer.
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def are_many(self) -> bool:
        """Whether it is time to put them into place."""
        waiting = len(self._files) + len(self._notes)
        is_old = time.monotonic() >= self._since + self.seconds
        return waiting > 0 and (is_old or waiting >= MOST_FILES or self._bytes >= MOST_BYTES)

    def add(
        self, part: ObjectStoragePath, target: ObjectStoragePath, size: int, *, is_derived: bool = False
    ) -> None:
        """Take over a whole file; one that waits for the same place is removed.

        :param is_derived: nothing is lost with it, so that the disk is not waited for.
        """
        with self.lock:
            self.forget(target)
            self._count(size)
            self._files[target.path] = _Arrival(part, target, is_derived)

    def note(self, target: ObjectStoragePath, landed: Landed, size: int = 0) -> None:
        """Take over what is known of a file.

        :param size: of the file, where that is in place already.
        """
        with self.lock:
            self._count(size)
            self._notes[target.path] = target, landed

    def forget(self, target: ObjectStoragePath) -> None:
        """Remove a file or a note that waits, if there is one."""
        with self.lock:
            self._notes.pop(target.path, None)
            if found := self._files.pop(target.path, None):
                found.part.unlink(missing_ok=True)

    def place(self, target: ObjectStoragePath) -> ObjectStoragePath:
        """Where a file is to be read: in its place, or where it waits."""
        found = self._files.get(target.path)
        return found.part if found else target

    def take_notes(self) -> list[tuple[ObjectStoragePath, Landed]]:
        """The notes that wait; they wait no longer."""
        with self.lock:
            notes, self._notes = list(self._notes.values()), {}
            return notes

    def settle(self) -> None:
        """Put all files into place, in the order in which they came.

        :raises LandingError: one cannot be written (disk full); those that are not in place are removed.
        """
        with self.lock:
            files, self._files = list(self._files.values()), {}
            if not files:
                return
            target, is_local = files[0].target, files[0].target.protocol == "file"
            try:
                if is_local:
                    _sync_files([file.part.path for file in files if not file.is_derived])
                with self.guard():
                    for file in files:
                        target = file.target
                        if is_local:
                            os.replace(file.part.path, target.path)  # noqa: PTH105 - of thousands of files, without making paths of them
                        else:
                            move(target.fs, file.part.path, target.path)
                    for folder in {os.path.dirname(file.target.path) for file in files if is_local}:  # noqa: PTH120 - of thousands of files, without making paths of them
                        sync_folder(folder)
            except BaseException as error:
                for file in files:
                    file.part.unlink(missing_ok=True)
                if isinstance(error, OSError):
                    what = f"{target}: cannot be written: {error.strerror or error}"
                    raise LandingError(what) from error
                raise

    def _count(self, size: int) -> None:
        if not self._files and not self._notes:
            self._bytes, self._since = 0, time.monotonic()
        self._bytes += size


def _sync_files(paths: list[str]) -> None:
    if len(paths) <= 1:
        for path in paths:
            _sync_file(path)
        return
    with ThreadPoolExecutor(min(_AT_ONCE, len(paths))) as pool:
        list(pool.map(_sync_file, paths))


def _sync_file(path: str) -> None:
    with open(path, "rb") as file:  # noqa: PTH123 - of thousands of files, without making paths of them
        os.fsync(file.fileno())
