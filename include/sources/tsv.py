"""Reading an answer in TSV: strictly, because nothing in it marks where a value or the answer ends.

One header line, as many cells in every line, UTF-8, LF, a final newline, no quoting and no escapes, an
empty cell for null. Whatever looks otherwise is refused: the client then requests it as JSON.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat

from include.sources.endpoint import Endpoint, snake_case
from include.sources.reader import MAX_ROW, NotDataError

#: Bytes looked at in one go.
BLOCK = 1 << 17

#: A cell in quotes: whether they belong to the value was not proven.
_QUOTED = re.compile(rb'(?<![^\t\n])"[^\t\n]*"(?=[\t\n])')


class NotTsvError(ValueError):
    """The answer is not TSV as it was proven to be; another request would not help, one for JSON may."""


@dataclass(frozen=True)
class Header:
    """A header line and what it names.

    :param line: as sent, without its newline.
    """

    line: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.line.split("\t"))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Staging columns, whether the header says `resultId`, `result_id` or `RESULT_ID`."""
        return tuple(snake_case(name) for name in self.names)

    def fields(self, endpoint: Endpoint) -> tuple[str, ...]:
        """Names that JSON gives the columns; one that is not declared keeps its own.

        :raises NotTsvError: a column twice, or no column for the key.
        """
        if len(set(self.columns)) != len(self.columns):
            raise NotTsvError("a header that names a column twice")
        if missing := set(endpoint.key_columns) - set(self.columns):
            raise NotTsvError(f"a header without {', '.join(sorted(missing))}")
        declared = {field.column: field.name for field in endpoint.fields}
        pairs = zip(self.columns, self.names, strict=True)
        return tuple(declared.get(column, name) for column, name in pairs)


class TsvBody:
    """A streamed body: its header, then blocks of whole lines that were checked.

    :param chunks: the body, cut anywhere.
    :param proven: the only header line that is accepted; any without it.
    """

    def __init__(self, chunks: Iterable[bytes], endpoint: Endpoint, proven: str | None = None) -> None:
        self._lines = whole_lines(chunks)
        self._endpoint = endpoint
        self._proven = proven
        self.rows = 0

    @cached_property
    def header(self) -> Header:
        """:raises NotDataError: the body is empty or an HTML page.
        :raises NotTsvError: another header than was proven, or one that does not fit the endpoint.
        """
        block = next(self._lines, b"")
        first, _, rest = block.partition(b"\n")
        if not first.strip():
            raise NotDataError("an empty body")
        if first.lstrip()[:1] == b"<":
            raise NotDataError("an HTML page instead of TSV")
        header = Header(_decoded(first.removeprefix(codecs.BOM_UTF8)))
        if "\r" in header.line:
            raise NotTsvError("lines that end in CR")
        if self._proven is not None and header.line != self._proven:
            raise NotTsvError("another header than the proven one")
        header.fields(self._endpoint)
        self._rest = rest
        return header

    def blocks(self) -> Iterator[bytes]:
        """About `BLOCK` bytes of lines at a time, each with its newline.

        :raises NotDataError: the body does not end with a newline: it may be cut.
        :raises NotTsvError: what is wrong, and in which line.
        """
        tabs = len(self.header.names) - 1
        for block in self._following():
            if b"\r" in block or b"\\" in block or _has_quotes(block):
                raise NotTsvError(f"{_odd(block)} near line {self.rows + 2}")
            _decoded(block)
            lines = block.split(b"\n")
            lines.pop()
            found = list(map(bytes.count, lines, repeat(b"\t")))
            if found.count(tabs) < len(found):
                line, cells = next((at, count + 1) for at, count in enumerate(found) if count != tabs)
                raise NotTsvError(f"{cells} cells in line {2 + self.rows + line}, {tabs + 1} in the header")
            self.rows += len(lines)
            yield block

    def _following(self) -> Iterator[bytes]:
        if self._rest:
            yield self._rest
        yield from self._lines


def read_tsv(chunks: Iterable[bytes], endpoint: Endpoint) -> Iterator[dict[str, object]]:
    """Rows under the names that JSON gives them; an empty cell is null.

    :raises NotDataError: no TSV, or not whole.
    :raises NotTsvError: TSV of another kind.
    """
    body = TsvBody(chunks, endpoint)
    names = body.header.fields(endpoint)
    for block in body.blocks():
        for line in block.decode().split("\n")[:-1]:
            yield dict(zip(names, (text or None for text in line.split("\t")), strict=True))


def whole_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of whole lines, of about `BLOCK` bytes each.

    :raises NotDataError: they do not end with a newline, or a line is far too long.
    """
    buffered: list[bytes] = []
    size = 0
    for chunk in chunks:
        buffered.append(chunk)
        size += len(chunk)
        if size < BLOCK:
            continue
        lines, newline, rest = b"".join(buffered).rpartition(b"\n")
        if newline:
            yield lines + newline
        elif size > MAX_ROW:
            raise NotDataError(f"a row of more than {MAX_ROW >> 20} MB")
        buffered, size = [rest], len(rest)
    left = b"".join(buffered)
    if left and not left.endswith(b"\n"):
        raise NotDataError("TSV cut short: it does not end with a newline")
    if left:
        yield left


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise NotTsvError(f"text that is not UTF-8: {error.reason}") from None


def _has_quotes(block: bytes) -> bool:
    """Whether a cell is in quotes. Quotes are rare: one is found faster than what may be around it."""
    at = block.find(b'"')
    while at >= 0:
        if _QUOTED.match(block, at):
            return True
        at = block.find(b'"', at + 1)
    return False


def _odd(block: bytes) -> str:
    if b"\r" in block:
        return "a CR"
    return "a backslash, which may be an escape," if b"\\" in block else "a cell in quotes"
