"""Parts of a file at its source, read as from an open file: only what is read is fetched, by HTTP Range."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from immport_provider.hooks.answers import explained
from immport_provider.hooks.files.signed import content_range, place
from include.sources.errors import BadAnswerError, ConnectionLostError, ImmPortError, RetriableError
from include.sources.remote_files import RemoteFile

if TYPE_CHECKING:
    import httpx
    from tenacity import Retrying

    from immport_provider.hooks.files.file_store import FileStore

#: Bytes that one request fetches at least: the header of nearly every file of cytometry.
BLOCK = 32 * 1024
#: From a store that does not send ranges, everything before what is read comes, too: no more than this.
LONGEST_START = 8 * 1024 * 1024


class FileParts(io.RawIOBase):
    """A file at its source, to read and to seek in; it cannot be written.

    The beginning and what was fetched last are kept, and nothing else, whatever the size of the file.

    :param attempts: makes the tries of one request.
    :param progress: given the bytes that were fetched last, and all that came over the network, as they come.
    :raises ImmPortError: when it is read, as for downloads; also where a store that sends no ranges would
        have to send more than `LONGEST_START` bytes.
    """

    def __init__(
        self,
        file: RemoteFile,
        store: FileStore,
        attempts: Callable[[], Retrying],
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        super().__init__()
        self.file = file
        self._store, self._attempts = store, attempts
        self._progress = progress or (lambda there, came: None)
        self._place = 0
        #: Where what is kept begins, and its bytes: of the beginning, then what was fetched last.
        self._kept: list[tuple[int, bytes]] = []
        self._size: int | None = None
        self._etag: str | None = None
        self._sends_ranges = True
        self._fetched = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    @property
    def size(self) -> int:
        """Bytes of the whole file, as the store states them."""
        if self._size is None:
            self._need(0, 1)
        return self._size or 0

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place}
        self._place = offset + (self.size if whence == os.SEEK_END else base[whence])
        return self._place

    def read(self, size: int = -1) -> bytes:
        """So many bytes from the place on; fewer at the end of the file."""
        left = max(0, self.size - self._place)
        wanted = left if size is None or size < 0 else min(size, left)
        if not wanted:
            return b""
        start, block = self._need(self._place, wanted)
        found = block[self._place - start :][:wanted]
        self._place += len(found)
        return found

    def _need(self, first: int, length: int) -> tuple[int, bytes]:
        """Where a block begins that has these bytes, as far as there are any, and its bytes."""
        for start, block in self._kept:
            if start <= first and first + length <= start + len(block):
                return start, block
        if not self._sends_ranges and first + length > LONGEST_START:
            with explained(self._store.request, self._store.source):
                raise BadAnswerError(
                    f"{self.file.name}: the store sends no ranges, and bytes {first} to"
                    f" {first + length - 1} are read: download the file"
                )
        try:
            self._attempts()(self._try, first, length)
        except RetriableError as error:
            raise error.with_traceback(None) from None
        return self._kept[-1]

    def _try(self, first: int, length: int) -> None:
        problem: ImmPortError
        try:
            with explained(self._store.request, self._store.settings.source):
                while not self._fetch(first, length):
                    pass
                return
        except ImmPortError as error:
            problem = error
        self._store.note_failure()
        # Outside of the handler, and without what it came from: that knows the address.
        problem.__context__ = problem.__cause__ = None
        problem.source = self._store.source
        problem.what = f"{self.file.name}: {problem.what}"
        raise problem.with_traceback(None)

    def _fetch(self, first: int, length: int) -> bool:
        """Request the bytes once. False: another address may help."""
        begin = first if self._sends_ranges else 0
        end = first + max(length, BLOCK)
        if self._size is not None:
            end = min(end, self._size)
        last = end - 1 if self._sends_ranges else None
        with self._store.answer(begin, self._etag if begin else None, last) as answer:
            if answer.status_code in (200, 206):
                self._take(answer, first, length)
                return True
            if answer.status_code == 416 and not first:  # of an empty file no byte can be requested
                _, total = content_range(answer)
                if not total:
                    self._size, self._kept = 0, [(0, b"")]
                    return True
            self._store.refused(answer)
            return False

    def _take(self, answer: httpx.Response, first: int, length: int) -> None:
        start, total = place(answer)
        total = self.file.size_bytes if total is None else total
        if total is None:
            raise BadAnswerError("neither the store nor the manifest states its size", answer.status_code)
        if self.file.size_bytes not in (None, total):
            raise BadAnswerError(f"{total} bytes, where the manifest says {self.file.size_bytes}")
        etag = answer.headers.get("ETag")
        if self._etag is not None and etag != self._etag:
            raise BadAnswerError("the store has another version of it by now")
        if start > first:
            raise BadAnswerError(f"bytes from {start} on, where {first} was requested")
        self._sends_ranges = answer.status_code == 206
        self._size, self._etag = total, etag
        if not self._sends_ranges and first + length > LONGEST_START:
            raise BadAnswerError("the store sends no ranges: download the file")
        block = self._body(answer, min(first + max(length, BLOCK), total) - start)
        if start + len(block) < min(first + length, total):
            raise ConnectionLostError(f"ended after {start + len(block)} of {total} bytes")
        self._kept = [*(kept for kept in self._kept[:1] if kept[0] == 0 < start), (start, block)]

    def _body(self, answer: httpx.Response, wanted: int) -> bytes:
        """The beginning of a body; the rest of one that goes on is not read."""
        found = bytearray()
        if wanted > 0:
            for chunk in answer.iter_raw():
                found += chunk
                self._fetched += len(chunk)
                self._progress(len(found), self._fetched)
                if len(found) >= wanted:
                    break
        return bytes(found)
