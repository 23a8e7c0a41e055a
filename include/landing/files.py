"""The files of the landing zone: how they are written whole or not at all, and read again."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from copy import copy
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import IO, Any, Self
from uuid import uuid4

from airflow.sdk import ObjectStoragePath
from isal import igzip, igzip_lib

from include.file_access import make_folder, opener, protect
from include.landing.arrivals import MOST_SECONDS, Arrivals
from include.landing.manifest import Fetch, Landed, LandingError
from include.landing.object_store import open_root, sync_folder
from include.sources.reader import NotDataError
from include.sources.tsv import NotTsvError

_BLOCK = 1 << 20
#: Bytes unpacked in one go: so few that who reads them has the next ones ready before the last are used up.
_UNPACKED = 1 << 17
#: Its declaration of types does not say that it is a class.
_IsalError: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment]  # its declaration is of no class


class Files:
    """Files below `root`: a folder, or any URL that Airflow's object storage opens."""

    def __init__(self, root: str) -> None:
        self.root = open_root(root)
        self._is_local = self.root.protocol == "file"
        #: Entered around each change of what others see.
        self._guard: Callable[[], AbstractContextManager[None]] = nullcontext
        self._arrivals = Arrivals(self._guard)

    def guarded(self, guard: Callable[[], AbstractContextManager[None]]) -> Self:
        """The same files, changed only within `guard`, which raises where this process may no longer write.

        Threads enter it at once; nothing enters it twice.
        """
        mine = copy(self)
        mine._guard = guard
        mine._arrivals = Arrivals(guard)
        return mine

    @contextmanager
    def together(self) -> Iterator[Self]:
        """The same files for one fetch: what arrives within some seconds is put into place together.

        However the block ends, what arrived whole is in place then; a process that is killed loses it.
        """
        mine = copy(self)
        mine._arrivals = Arrivals(self._guard, MOST_SECONDS)
        try:
            yield mine
        except BaseException as error:
            try:
                mine.settle()
            except Exception as lost:  # noqa: BLE001 - what ended the block matters more
                error.add_note(f"what had arrived is not in place: {type(lost).__name__}: {lost}")
            raise
        mine.settle()

    def settle(self) -> None:
        """Put what waits into place: first the files, then what is known of them."""
        with self._arrivals.lock:
            self._arrivals.settle()
            for target, landed in self._arrivals.take_notes():
                self._write_json(target, asdict(landed))
            self._arrivals.settle()

    def spool(self, fetch: Fetch, name: str) -> Path:
        """Where a download may grow until it is whole: it outlives the task if the landing zone is local.

        A file that another process is still writing is left to it.
        """
        if self._is_local:
            folder = Path((self.root / fetch.path).path)
        else:
            folder = Path(tempfile.gettempdir()) / "immport-warehouse" / fetch.path
        folder = make_folder(folder)
        places = (folder / f".{name}{'.' * bool(n)}{n or ''}.download" for n in count())
        return next(place for place in places if not _is_being_written(place))

    @contextmanager
    def package(self, landed: Landed) -> Iterator[Path]:
        """A landed file as a local one, for as long as it is needed; checked to be what was landed.

        :raises LandingError: the file is missing or changed since.
        """
        with ExitStack() as stack, explained(landed):
            path = Path((self.root / landed.path).path)
            if not self._is_local:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="immport-warehouse-"))
                path = Path(folder) / path.name
                with self._place(landed.path).open("rb") as kept, path.open("wb") as local:
                    shutil.copyfileobj(kept, local, _BLOCK)
            with path.open("rb") as content:
                if hashlib.file_digest(content, "sha256").hexdigest() != landed.sha256:
                    raise LandingError(f"{describe(landed)}: changed since it was landed (sha256 differs)")
            yield path

    def _bytes(self, landed: Landed, seen: Callable[[bytes], None]) -> Iterator[bytes]:
        for block in self._unpacked(landed.path):
            seen(block)
            yield block

    def _unpacked(self, path: str) -> Iterator[bytes]:
        with self._place(path).open("rb") as file, igzip.GzipFile(fileobj=file) as packed:
            while block := packed.read(_UNPACKED):
                yield block

    def _place(self, path: str) -> ObjectStoragePath:
        """Where a landed file is to be read."""
        return self._arrivals.place(self.root / path)

    def _adopt(self, file: Path, target: ObjectStoragePath) -> None:
        """Move a whole local file here."""
        if self._is_local:
            _sync_file(file)
            protect(file)
            with self._guard():
                file.replace(target.path)
            sync_folder(target.parent.path)
        else:
            with self._arriving(target) as kept, file.open("rb") as content:
                shutil.copyfileobj(content, kept, _BLOCK)
            file.unlink()

    def _write_json(self, target: ObjectStoragePath, content: dict[str, Any]) -> None:
        with self._arriving(target) as file:
            file.write(json.dumps(content, indent=1).encode())

    @contextmanager
    def _arriving(self, target: ObjectStoragePath, *, is_derived: bool = False) -> Iterator[IO[bytes]]:
        """A file under a name of its own until it is whole, and safe on the disk.

        :param is_derived: nothing is lost with it, so that the disk is not waited for.
        """
        part = target.parent / f".{target.name}.{uuid4().hex}.part"
        try:
            if self._is_local:
                make_folder(target.parent.path)
                with open(part.path, "wb", opener=opener) as file:
                    yield file
                    size = file.tell()
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                with part.open("wb") as file:
                    yield file
                    size = file.tell()
        except BaseException as error:
            part.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise LandingError(f"{target}: cannot be written: {error.strerror or error}") from error
            raise
        with self._arrivals.lock:
            self._arrivals.add(part, target, size, is_derived=is_derived)
            if self._arrivals.are_many:
                self.settle()


@contextmanager
def explained(landed: Landed) -> Iterator[None]:
    """Name the landed file in the error of one that cannot be read."""
    try:
        yield
    except FileNotFoundError:
        raise LandingError(f"{describe(landed)}: missing") from None
    except (OSError, EOFError, _IsalError, NotDataError, NotTsvError) as error:
        raise LandingError(f"{describe(landed)}: changed since it was landed: {error}") from error


def describe(landed: Landed) -> str:
    """Study, endpoint and path of a landed file, for messages."""
    return f"{landed.path.partition('/')[0]} {landed.endpoint}: {landed.path}"


def _is_being_written(path: Path) -> bool:
    """Whether a process holds the lock under which downloads grow."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
