"""The rows of a landed answer as lines for COPY, in a file beside it, so that JSON is read only once.

The file is derived from the answer while that is received, and proven by its digest or not used at all. No
loss is a loss: staging makes the rows from the answer again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import IO, Any, Self

from include.landing.packed_file import PackedFile
from include.sources.json_blocks import Block

#: Number of the form of the lines (`json_blocks.LINES`). Files of another one are not used.
VERSION = 1
#: Rows from which on the file is worth making: reading so many from JSON again takes no longer.
LEAST_ROWS = 500


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
        self.is_given_up = False
        self.file: PackedFile | None = None

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
        if self.file is not None:
            self._write(self.file, block)
            return
        self._first.append(block)
        if sum(map(len, self._first)) >= LEAST_ROWS:
            self.file = PackedFile(self._stack.enter_context(self._arriving()))
            self._stack.enter_context(self.file)
            for first in self._first:
                self._write(self.file, first)
            self._first.clear()

    def _write(self, file: PackedFile, block: Block) -> None:
        lines = block.lines(self._names)
        if lines is None:
            self.is_given_up = True
        elif not self.is_given_up:
            file.write(lines)
