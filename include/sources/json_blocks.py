"""JSON rows block by block, by native code. Whatever it is not sure to read exactly, the exact reader reads.

A row of JSON without its keys is nearly a line of CSV: numbers have their characters, texts stand in quotes
and escape a quote and a backslash with a backslash. So a block of rows becomes lines for COPY (`LINES`)
without a look at a single value. What an answer holds is defined by `include.sources.reader` alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from operator import itemgetter
from typing import Any, Protocol

import msgspec
from msgspec.structs import astuple

from include.sources import reader
from include.sources.endpoint import Endpoint, Shape
from include.sources.reader import NotDataError, cell, read_rows

#: The lines that blocks become: options of COPY, without the encoding. No line holds a line break.
LINES = r"""format csv, quote '"', escape e'\\', null 'null'"""
#: Bytes decoded in one go: the values of so many stay in the processor's cache.
BLOCK = 1 << 16
#: Rows of the exact reader in one block.
_EXACT_ROWS = 500
#: Keys of a row that are believed to be the keys of all.
_MOST_KEYS = 500

_KEY = re.compile(r"[A-Za-z0-9_]+")
_FIRST_KEY = re.compile(rb'\[\{("[^"\\]+":)')
#: A value that begins with a bracket; or a text that has such characters, which does no harm.
_NESTED = re.compile(rb"(?:,|\n|\A)[\[{]")
_SPACE = b" \t\r\n"
_NULL = msgspec.Raw(b"null")

Row = dict[str, object]


class Block(Protocol):
    """Some rows of an answer."""

    def __len__(self) -> int: ...

    def key_sets(self) -> Iterable[tuple[frozenset[str], int]]:
        """Keys of rows, and how many rows have just these."""

    def values(self, names: Sequence[str]) -> Iterable[tuple[str | None, ...]]:
        """The values that rows have of these keys, as staging text; not necessarily one for each row."""

    def lines(self, names: Sequence[str]) -> bytes | None:
        """The rows as `LINES`: of each these values, a missing one as null.

        None if a value has a line break, or is one that no Postgres text can hold.
        """


class ExactBlock:
    """Rows of the exact reader."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def key_sets(self) -> Iterable[tuple[frozenset[str], int]]:
        return Counter(map(frozenset, self._rows)).items()

    def values(self, names: Sequence[str]) -> Iterable[tuple[str | None, ...]]:
        return [tuple(cell(row.get(name)) for name in names) for row in self._rows]

    def lines(self, names: Sequence[str]) -> bytes | None:
        lines = "".join([_line([cell(row.get(name)) for name in names]) for row in self._rows])
        if "\x00" in lines or lines.count("\n") != len(self._rows):
            return None
        try:
            return lines.encode()
        except UnicodeEncodeError:  # half of a surrogate pair
            return None


class NativeBlock:
    """Rows that all have the same keys, each once.

    :param values: of each row the values of these keys, as the bytes sent.
    :param lines: the same with commas between them, one row in each line.
    """

    def __init__(self, keys: tuple[str, ...], values: list[tuple[Any, ...]], lines: bytes) -> None:
        self._keys = keys
        self._values = values
        self._lines = lines

    def __len__(self) -> int:
        return len(self._values)

    def key_sets(self) -> Iterable[tuple[frozenset[str], int]]:
        return [(frozenset(self._keys), len(self))]

    def values(self, names: Sequence[str]) -> Iterable[tuple[str | None, ...]]:
        found = dict.fromkeys(tuple(map(bytes, values)) for values in self._picked(names))
        return [tuple(map(_text, values)) for values in found]

    def lines(self, names: Sequence[str]) -> bytes | None:
        return self._lines if tuple(names) == self._keys else _joined(self._picked(names))

    def _picked(self, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        at = {key: place for place, key in enumerate(self._keys)}
        places = [at.get(name, -1) for name in names]
        pick = itemgetter(*places) if len(places) > 1 else lambda values: (values[places[0]],)
        return (pick((*values, _NULL)) for values in self._values)


def read_blocks(chunks: Iterable[bytes], endpoint: Endpoint, repeated: Counter[str]) -> Iterator[Block]:
    """The rows of a JSON answer while it arrives, as `read_rows` reads them, and with the same errors.

    :param repeated: counts rows by a key that is in one of their objects twice; the last value counts.
    """
    source = _slices(chunks)
    held, is_whole = _filled(b"", source, BLOCK)
    first = _FIRST_KEY.match(held)
    if is_whole or first is None or endpoint.shape is not Shape.ARRAY:
        yield from _exact(chain([held], source), endpoint, repeated)
        return
    # Where one row ends and another begins. No text holds these characters: it escapes its quotes.
    edge = b"},{" + first[1]
    keys: tuple[str, ...] | None = None
    at = 0
    while True:
        end = len(held.rstrip(_SPACE)) if is_whole else held.rfind(edge) + 1
        if not end:  # a long row, or one that is not compact
            if len(held) > reader.BLOCK:
                yield from _exact(chain([b"[" + held[1:]], source), endpoint, repeated, at)
                return
            held, is_whole = _filled(held, source, 2 * len(held))
            continue
        # A bracket in place of the comma before it, and one behind it: a block is an array of its own.
        body = b"".join((b"[", memoryview(held)[1:end], b"" if is_whole else b"]"))
        if keys is None:
            keys = _keys(body, endpoint)
        block = _decoded(body, keys) or _exactly(body, endpoint, repeated)
        if block is None:  # broken, or not cut between two rows: the exact reader says which
            yield from _exact(chain([b"[" + held[1:]], source), endpoint, repeated, at)
            return
        yield block
        if is_whole:
            return
        at += end
        held, is_whole = _filled(held[end:], source, BLOCK)


def _slices(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, no more than a block at a time."""
    for chunk in chunks:
        for start in range(0, len(chunk), BLOCK):
            yield chunk[start : start + BLOCK]


def _filled(held: bytes, source: Iterator[bytes], size: int) -> tuple[bytes, bool]:
    """Some more of the body behind what is there, and whether that is all."""
    parts, length = [held], len(held)
    while length < size:
        chunk = next(source, None)
        if chunk is None:
            return b"".join(parts), True
        parts.append(chunk)
        length += len(chunk)
    return b"".join(parts), False


def _exact(
    chunks: Iterable[bytes], endpoint: Endpoint, repeated: Counter[str], start: int = 0
) -> Iterator[ExactBlock]:
    rows = read_rows(chunks, endpoint, repeated, start)
    while block := list(islice(rows, _EXACT_ROWS)):
        yield ExactBlock(block)


def _exactly(body: bytes, endpoint: Endpoint, repeated: Counter[str]) -> ExactBlock | None:
    """The rows of an array, if it is one."""
    mine: Counter[str] = Counter()
    try:
        rows = list(read_rows([body], endpoint, mine))
    except NotDataError:
        return None
    repeated.update(mine)
    return ExactBlock(rows)


def _keys(body: bytes, endpoint: Endpoint) -> tuple[str, ...]:
    """Keys of the first row; none if it cannot be read, or has others than rows have."""
    try:
        row = next(read_rows([body], endpoint), {})
    except NotDataError:
        return ()
    is_usual = len(row) <= _MOST_KEYS and all(map(_KEY.fullmatch, row))
    return tuple(row) if is_usual else ()


@lru_cache(64)
def _decoder(keys: tuple[str, ...]) -> tuple[msgspec.json.Decoder[list[Any]], int]:
    """Reads an array of objects that have just these keys; and the bytes of each that are not values."""
    names = [f"f{number}" for number in range(len(keys))]
    row = msgspec.defstruct(
        "Row",
        [(name, msgspec.Raw) for name in names],
        rename=dict(zip(names, keys, strict=True)),
        forbid_unknown_fields=True,
        gc=False,
    )
    decoder = msgspec.json.Decoder(list[row])  # type: ignore[valid-type]  # a type that is made here
    return decoder, len("{}") + sum(len(key) + len('"":') for key in keys)


def _decoded(body: bytes, keys: tuple[str, ...]) -> NativeBlock | None:
    """The rows of an array, if all have these keys, and their values are safe to be taken as they are."""
    if not keys:
        return None
    decoder, size = _decoder(keys)
    try:
        values = list(map(astuple, decoder.decode(body)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    lines = _joined(values)
    # All that is between the values. Where there is more of it, it is white space or a key that repeats.
    if len(body) != len(lines) + len(values) * size + 1 or not _is_safe(lines):
        return None
    return NativeBlock(keys, values, lines)


def _joined(values: Iterable[tuple[Any, ...]]) -> bytes:
    """Rows as lines. A line break stands behind a row only: in a text it is an escape."""
    return b"\n".join(map(b",".join, chain(values, [()])))


def _is_safe(lines: bytes) -> bool:
    """Whether COPY takes every value for what it is: no list, no object, no escape that only JSON knows."""
    at = lines.find(b"\\")
    while at >= 0:
        if lines[at + 1] not in b'"\\':
            return False
        at = lines.find(b"\\", at + 2)
    if (b"[" in lines or b"{" in lines) and _NESTED.search(lines):
        return False
    if not lines.isascii():
        try:
            lines.decode()
        except UnicodeDecodeError:
            return False
    return True


def _text(value: bytes) -> str | None:
    found = msgspec.json.decode(value) if value.startswith(b'"') else value.decode()
    return None if value == b"null" else str(found)


def _line(cells: list[str | None]) -> str:
    quoted = (
        "null" if text is None else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        for text in cells
    )
    return ",".join(quoted) + "\n"
