"""A compressed file of the landing zone while it is written: a thread packs it while more arrives."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any, Self

from isal import igzip

#: Of igzip's four levels the second: as fast as the first, and a file no larger than of zlib's third.
_COMPRESSION = 1
#: Bytes that the thread takes at once. With fewer it would wait more often for the interpreter than it works.
BATCH = 1 << 19


class PackedFile:
    """A gzip file that is being written. The same bytes give the same file: no time is in it.

    Digests and compression are native code beside which the interpreter runs on, so a file of more than a
    batch is packed by a thread, one batch at a time, while its writer makes the next one.

    :param file: gets the compressed bytes, and is open for longer than this.
    :param digest: also gets what is written.
    """

    def __init__(self, file: IO[bytes], digest: Callable[[bytes], object] = lambda data: None) -> None:
        self._stored = _Stored(file)
        self._gzip = igzip.GzipFile("", "wb", _COMPRESSION, self._stored, mtime=0)
        self._digest = digest
        self._batch: list[bytes] = []
        self._waiting = 0
        self._thread: ThreadPoolExecutor | None = None
        self._packing: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        """End the file; after an error it is only closed.

        :raises OSError: it cannot be written.
        """
        if self._thread:
            self._thread.shutdown()
        with self._gzip:
            if kind is None:
                self._settle()
                self._pack(b"".join(self._batch))

    def write(self, data: bytes) -> None:
        """Put bytes behind the others.

        :raises OSError: those before them cannot be written.
        """
        self._batch.append(data)
        self._waiting += len(data)
        if self._waiting >= BATCH:
            self._settle()
            self._thread = self._thread or ThreadPoolExecutor(1, "packing")
            self._packing = self._thread.submit(self._pack, b"".join(self._batch))
            self._batch.clear()
            self._waiting = 0

    @property
    def stored_bytes(self) -> int:
        """Size of the file; complete when this was left."""
        return self._stored.size

    @property
    def stored_sha256(self) -> str:
        """Digest of the file; complete when this was left."""
        return self._stored.digest.hexdigest()

    def _settle(self) -> None:
        """Wait for the batch that the thread has."""
        if self._packing:
            self._packing.result()

    def _pack(self, data: bytes) -> None:
        self._digest(data)
        self._gzip.write(data)


class _Stored:
    """A file with the size and the digest of what it has got."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        self.digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()
