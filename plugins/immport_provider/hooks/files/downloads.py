"""Downloads: a signed address from DRS, then the bytes, going on where an earlier try broke off."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from immport_provider.hooks.answers import explained
from immport_provider.hooks.bodies import check_plain
from immport_provider.hooks.files.file_store import FileStore
from immport_provider.hooks.files.signed import content_range, place
from immport_provider.hooks.files.way import FileWay
from immport_provider.hooks.retries import until_whole
from immport_provider.hooks.settings import Settings
from include.file_access import make_folder, opener
from include.sources.calls import CallCounts
from include.sources.errors import (
    BadAnswerError,
    ConnectionLostError,
    ImmPortError,
    RetriableError,
    TooSlowError,
    WrongFileError,
)
from include.sources.remote_files import Downloaded, ListedFile, RemoteFile

if TYPE_CHECKING:
    import httpx
    from tenacity import Retrying

__all__ = ["Downloaded", "ListedFile", "RemoteFile", "Transfer"]

_BLOCK = 1 << 20


class Transfer:
    """One file on its way into `target`, as a context manager: the file stays open and locked.

    The transfer resumes from the bytes in `target`, if they are of the same file. `<target>.etag` keeps which
    version of the file the bytes are of, until the file is whole.

    :param way: what the file is, and what requests the addresses of its bytes.
    :param client: of `signed.open_client`, which the caller closes.
    :param calls: counts the requests.
    :param progress: given the bytes of the file that are there, and those that this transfer received so far,
        bytes of a copy that was dropped included, after every chunk.
    :param announce: called with host and port of a new address before the first request to it; an error it
        raises prevents that request.
    """

    def __init__(
        self,
        way: FileWay,
        target: Path,
        settings: Settings,
        client: httpx.Client,
        *,
        calls: CallCounts,
        clock: Callable[[], datetime],
        log: Callable[..., None],
        progress: Callable[[int, int], None] | None = None,
        announce: Callable[[str], None] = lambda host: None,
    ) -> None:
        self.file, self._checksum, self.target = way.file, way.checksum, target
        self.settings = settings
        self._log = log
        self._progress = progress or (lambda there, came: None)
        self._store = FileStore(way, settings, client, calls=calls, clock=clock, announce=announce)
        self._note = target.with_name(f"{target.name}.etag")
        self._etag: str | None = None
        self._received = self._furthest = self._resumed_from = 0
        self._fetched = 0
        self._whole = False

    def __enter__(self) -> Transfer:
        make_folder(self.target.parent)
        self._part: BinaryIO = open(self.target, "a+b", opener=opener)
        try:
            self._pick_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._part.close()

    def bring(self, attempts: Retrying, sleep: Callable[[float], None]) -> Downloaded:
        """Fetch and verify. A wrong file is fetched once more from the start.

        :param attempts: tries in a row without a new byte; a try that brings some starts the count anew.
        :raises WrongFileError: the size or the MD5 is wrong again; nothing is left of the file.
        """
        wrong: str | None = None
        for _ in range(2):
            try:
                until_whole(sleep)(attempts, self._go_on)
            except RetriableError as error:
                error.tries = attempts.statistics["attempt_number"]
                raise
            found = self._digest.hexdigest()
            wrong = self._wrong(found)
            if wrong is None:
                self._part.flush()
                os.fsync(self._part.fileno())
                self._note.unlink(missing_ok=True)
                requests = self._store.requests
                return Downloaded(self._received, self._fetched, found, self._resumed_from, requests)
            self._log("%s of %s: %s", self.file.name, self.file.study, wrong)
            self._start_anew()
            self._store.forget()
            self._furthest = 0
        self.target.unlink(missing_ok=True)
        with explained(self._store.request, self._store.source):
            raise WrongFileError(f"{self.file.name}: {wrong}, twice", 200)

    def _go_on(self) -> bool:
        """One try. True: all bytes are there. False: it broke off, but not without new bytes."""
        problem: ImmPortError
        try:
            with explained(self._store.request, self.settings.source):
                while not self._whole:
                    self._fetch()
                return True
        except ImmPortError as error:
            problem = error
        self._store.note_failure()
        # Outside of the handler, and without what it came from: that knows the address.
        problem.__context__ = problem.__cause__ = None
        problem.source = self._store.source
        problem.what = f"{self.file.name}: {problem.what}"
        is_going_on = self._received > self._furthest and not isinstance(problem, TooSlowError)
        if not isinstance(problem, RetriableError) or not is_going_on:
            raise problem.with_traceback(None)
        self._furthest = self._received
        self._log("%s; going on from byte %d", problem, self._received)
        return False

    def _wrong(self, found: str) -> str | None:
        if self.file.size_bytes not in (None, self._received):
            return f"{self.file.size_bytes} bytes expected, {self._received} found"
        if self.file.md5 not in (None, found):
            return f"MD5 {self.file.md5} expected, {found} found"
        if self._checksum is not None:
            self._part.seek(0)
            computed = self._checksum.digest(self._part)
            if computed != self._checksum.value:
                return f"{self._checksum.type} {self._checksum.value} expected, {computed} found"
        return None

    def _pick_up(self) -> None:
        """What an earlier try left, unless it is of another file."""
        with explained(self._store.request, self.settings.source):
            try:
                fcntl.flock(self._part, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # The other process may have moved it to its place before it let go of the lock.
                is_moved = not os.path.samestat(os.fstat(self._part.fileno()), self.target.stat())
            except (BlockingIOError, FileNotFoundError):
                is_moved = True
            if is_moved:
                raise RetriableError(f"{self.file.name}: another process is downloading it")
        self._digest = hashlib.md5(usedforsecurity=False)
        self._part.seek(0)
        while block := self._part.read(_BLOCK):
            self._digest.update(block)
            self._received += len(block)
        known = self._read_note()
        # Without the version it is of, only the MD5 can show whether the end fits the beginning.
        is_usable = known.get("uuid") == self.file.uuid if known else self.file.md5 is not None
        is_longer = self.file.size_bytes is not None and self._received > self.file.size_bytes
        if self._received and (not is_usable or is_longer):
            self._start_anew()
        elif known:
            self._etag = known.get("etag")
        self._resumed_from = self._furthest = self._received
        self._whole = bool(self._received) and self._received == self.file.size_bytes

    def _read_note(self) -> dict[str, str | None]:
        with suppress(FileNotFoundError, ValueError):
            if isinstance(note := json.loads(self._note.read_text()), dict):
                return note
        return {}

    def _start_anew(self) -> None:
        self._part.truncate(0)
        self._digest = hashlib.md5(usedforsecurity=False)
        self._etag, self._received, self._whole = None, 0, False
        self._note.unlink(missing_ok=True)

    def _fetch(self) -> None:
        """Request the missing bytes once; without an error, call it again unless all are there."""
        with self._store.answer(self._received, self._etag) as answer:
            if answer.status_code in (200, 206):
                self._take(answer)
            elif answer.status_code == 416:
                self._nothing_more(answer)
            else:
                self._store.refused(answer)

    def _take(self, answer: httpx.Response) -> None:
        """The body of a 200 or a 206, appended."""
        etag = answer.headers.get("ETag")
        start, total = place(answer)
        expected = self.file.size_bytes
        if expected is None and self.file.md5 is None and self._checksum is None:
            check_plain(answer)  # the manifest says nothing that would show a cut
        if total is not None and expected not in (None, total):
            # Not this file, perhaps no file: what is here stays.
            raise BadAnswerError(f"{total} bytes, where the manifest says {expected}")
        is_other = self._etag is not None and etag is not None and etag != self._etag
        if self._received and (start != self._received or is_other):
            # The source knows no ranges, or the file is not the one of the earlier bytes any more.
            self._start_anew()
            if start:
                return
        if start != self._received:
            raise BadAnswerError(f"bytes from {start} on, where {self._received} was requested")
        if etag != self._etag or not self._received:
            self._etag = etag
            self._note.write_text(json.dumps({"uuid": self.file.uuid, "etag": etag}))
        end = total if total is not None else expected
        try:
            for chunk in answer.iter_raw():
                self._part.write(chunk)
                self._digest.update(chunk)
                self._received += len(chunk)
                self._fetched += len(chunk)
                self._progress(self._received, self._fetched)
                if end is not None and self._received > end:
                    break  # its size shows that it is wrong
        finally:
            self._part.flush()
        if end is not None and self._received < end:
            raise ConnectionLostError(f"ended after {self._received} of {end} bytes")
        self._whole = True

    def _nothing_more(self, answer: httpx.Response) -> None:
        """416: all is there already, or what is there is longer than the file."""
        _, total = content_range(answer)
        if self._received and total == self._received and self.file.size_bytes in (None, total):
            self._whole = True
            return
        had = self._received
        self._start_anew()
        raise BadAnswerError(f"no bytes from {had} on, starting anew", 416)
