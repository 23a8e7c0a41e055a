"""Lines of cells, whatever they come from: tab-separated text, byte for byte where it is UTF-8."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

_NEWLINE = re.compile(r"\r\n|\n|\r")
#: Byte order marks of the text that Excel calls Unicode.
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class NotATextError(ValueError):
    """Bytes that are no text: they hold null bytes."""


@dataclass(frozen=True)
class CellNote:
    """Something that was noticed while a file was read, before it is known what its columns are.

    :ivar line: from 1.
    :ivar cell: place in the line, from 0; None for the whole line.
    """

    line: int | None
    cell: int | None
    rule: str
    message: str
    value: str | None = None
    fix: str | None = None


@dataclass
class Grid:
    """A file as lines of cells.

    :ivar newline: what ends its lines; `newlines` has them one by one where they differ.
    :ivar has_mark: whether the bytes begin with a byte order mark.
    :ivar is_ended: whether the last line ends with a newline, too.
    :ivar typed: of a workbook, by what Excel holds instead of text (date, number, boolean, error, formula)
        and by place of the cell, the lines.
    """

    lines: list[list[str]]
    newline: str = "\n"
    newlines: list[str] | None = None
    has_mark: bool = False
    is_ended: bool = True
    notes: list[CellNote] = field(default_factory=list)
    typed: dict[str, dict[int, set[int]]] = field(default_factory=dict)

    def is_typed(self, kind: str, line: int, cell: int) -> bool:
        return line in self.typed.get(kind, {}).get(cell, ())

    def note_type(self, kind: str, line: int, cell: int) -> None:
        self.typed.setdefault(kind, {}).setdefault(cell, set()).add(line)


def read_text(data: bytes) -> Grid:
    """Tab-separated lines. Quotes are characters like any other; what looks wrong is noted, nothing is lost.

    :raises NotATextError: it is not a text.
    """
    notes: list[CellNote] = []
    has_mark = data.startswith(codecs.BOM_UTF8)
    if data.startswith(_UTF_16):
        text = _utf_16(data, notes)
    elif b"\0" in data:
        raise NotATextError("null bytes")
    else:
        text = _utf_8(data.removeprefix(codecs.BOM_UTF8), notes)
    if has_mark:
        notes.append(CellNote(1, None, "byte_order_mark", "the file begins with a byte order mark"))
    grid = _split(text, has_mark)
    grid.notes += notes
    if "\r" in (grid.newlines or [grid.newline]):
        message = "lines end in a carriage return alone, as old Macs wrote them"
        grid.notes.append(CellNote(1, None, "line_ends", message, None, "save it with line feeds"))
    _note_quotes(grid)
    return grid


def write_text(grid: Grid) -> bytes:
    """The grid as tab-separated UTF-8; of a text in UTF-8 that was read, the same bytes.

    :raises ValueError: a cell holds a tab or a newline, which tab-separated text cannot say.
    """
    for number, line in enumerate(grid.lines, start=1):
        for cell in line:
            if "\t" in cell or "\n" in cell or "\r" in cell:
                raise ValueError(f"a tab or a newline in a cell of line {number}: {cell[:60]!r}")
    ends = grid.newlines or [grid.newline] * len(grid.lines)
    text = "".join("\t".join(line) + end for line, end in zip(grid.lines, ends, strict=True))
    if not grid.is_ended and grid.lines:
        text = text[: -len(ends[-1])]
    return (codecs.BOM_UTF8 if grid.has_mark else b"") + text.encode()


def _split(text: str, has_mark: bool) -> Grid:
    is_ended = text.endswith(("\n", "\r"))
    if "\r" not in text:
        found = text.split("\n")
        newline, newlines = "\n", None
    else:
        found = _NEWLINE.split(text)
        ends = _NEWLINE.findall(text)
        newline = ends[0]
        newlines = None if len(set(ends)) == 1 else ends + ([] if is_ended else [newline])
    if is_ended or not text:
        found.pop()
    return Grid([line.split("\t") for line in found], newline, newlines, has_mark, is_ended)


def _utf_16(data: bytes, notes: list[CellNote]) -> str:
    message = "the file is in UTF-16, which Excel calls Unicode Text; ImmPort reads UTF-8"
    notes.append(CellNote(1, None, "encoding", message, None, "save it as text in UTF-8, tab-delimited"))
    return data.decode("utf-16", "replace")


def _utf_8(data: bytes, notes: list[CellNote]) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    lines = []
    # Line by line: one byte of another encoding must not make another text of all other lines.
    for number, line in enumerate(re.split(rb"(?<=\n)|(?<=\r)(?!\n)", data), start=1):
        try:
            lines.append(line.decode())
        except UnicodeDecodeError as error:
            lines.append(_latin(line))
            cell = line.count(b"\t", 0, error.start)
            value = _latin(line).rstrip("\r\n").split("\t")[cell]
            message = f"byte {line[error.start]:#04x} is not UTF-8; the cell was read as Latin-1"
            notes.append(CellNote(number, cell, "encoding", message, value, "save the file in UTF-8"))
    return "".join(lines)


def _latin(line: bytes) -> str:
    """Windows' Latin-1, which has letters where Latin-1 has controls, and leaves five bytes undefined."""
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _note_quotes(grid: Grid) -> None:
    """Excel quotes a cell with a quote, a comma or a line break when it saves tab-delimited text."""
    for number, line in enumerate(grid.lines, start=1):
        for at, cell in enumerate(line):
            if not cell.startswith('"'):
                continue
            if len(cell) > 1 and cell.endswith('"'):
                fix = cell[1:-1].replace('""', '"')
                message = "the cell is in quotes, which become part of the value"
                grid.notes.append(CellNote(number, at, "quotes", message, cell, fix))
            elif cell.count('"') % 2:
                message = "a quote that the line does not close: the cell probably held a line break"
                grid.notes.append(CellNote(number, at, "line_break", message, cell, "remove the line break"))
