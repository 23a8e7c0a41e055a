"""The lines of a text file while it arrives: UTF-8, with or without a byte order mark, LF or CR LF."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

from include.sources import reader
from include.sources.reader import NotDataError


class NotInFileError(NotDataError):
    """The file is whole, and has nothing of the list that was requested."""


#: How a body begins that is something else.
_OTHERS = {b"<": "an HTML or XML page", b"{": "JSON", b"[": "JSON"}


def read_lines(chunks: Iterable[bytes], form: str) -> Iterator[tuple[int, str]]:
    """Number and text of every line that is not blank; blanks within it are kept.

    HTTP states where the file ends, so that a last line without a line break is a line.

    :param form: name of what was expected, for messages.
    :raises NotDataError: an empty file, an HTML or XML page, or text that is not UTF-8, and where.
    """
    is_first = True
    for number, line in enumerate(_split(chunks), 1):
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)  # noqa: PLW2901 - the same line without its mark
        if not line.strip():
            continue
        if is_first and (other := _OTHERS.get(line.lstrip()[:1])):
            raise NotDataError(f"{other} instead of {form}")
        is_first = False
        try:
            yield number, line.removesuffix(b"\r").decode()
        except UnicodeDecodeError as error:
            raise NotDataError(f"text that is not UTF-8 in line {number}: {error.reason}") from None
    if is_first:
        raise NotDataError("an empty body")


def _split(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines without their line break; each byte is looked at once, however the body is cut."""
    begun: list[bytes] = []
    size = 0
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        begun.append(first)
        size += len(first)
        if others:
            yield b"".join(begun)
            yield from others[:-1]
            begun, size = [others[-1]], len(others[-1])
        if size > reader.MAX_ROW:
            raise NotDataError(f"a line of more than {reader.MAX_ROW >> 20} MB")
    if size:
        yield b"".join(begun)
