"""The rows of a landed answer as lines for COPY, in a file beside it, so that JSON is read only once.

The file is derived from the answer while that is received, and proven by its digest or not used at all. No
loss is a loss: staging makes the rows from the answer again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import IO, Any, Self

from isal import igzip

from include.sources.json_blocks import Block

#: Number of the form of the lines (`json_blocks.LINES`). Files of another one are not used.
VERSION = 1
#: Of igzip's four levels the second: as fast as the first, and a file no larger than of zlib's third.
COMPRESSION = 1
#: Rows from which on the file is worth making: reading so many from JSON again takes no longer.
LEAST_ROWS = 500


class Digested:
    """A file that is written, with the size and the digest of what it has got."""

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


def packed(file: Digested) -> igzip.GzipFile:
    """Compresses what is written into a file. The same bytes give the same file: no time is in it."""
    return igzip.GzipFile("", "wb", COMPRESSION, file, mtime=0)


class RowsWriter:
    """Writes blocks of rows while an answer arrives; none of a small answer.

    :param arriving: opens the file, and puts it into place when it is left.
    :param names: keys of the values, in their order.
    :ivar is_given_up: there is a row that no line can hold.
    :ivar file: what was written; None if that is not every row.
    """

    def __init__(
        self, arriving: Callable[[], AbstractContextManager[IO[bytes]]], names: Sequence[str]
    ) -> None:
        self._arriving = arriving
        self._names = names
        self._first: list[Block] = []
        self._stack = ExitStack()
        self._packed: igzip.GzipFile | None = None
        self.is_given_up = False
        self.file: Digested | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)
        if self.is_given_up:
            self.file = None

    def add(self, block: Block) -> None:
        """Write a block behind the others."""
        if self.is_given_up:
            return
        if self._packed is not None:
            self._write(block)
            return
        self._first.append(block)
        if sum(map(len, self._first)) >= LEAST_ROWS:
            self.file = Digested(self._stack.enter_context(self._arriving()))
            self._packed = self._stack.enter_context(packed(self.file))
            for first in self._first:
                self._write(first)
            self._first.clear()

    def _write(self, block: Block) -> None:
        lines = block.lines(self._names)
        if lines is None or self._packed is None:
            self.is_given_up = True
        elif not self.is_given_up:
            self._packed.write(lines)
