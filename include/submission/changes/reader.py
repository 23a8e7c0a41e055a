"""Reads files of changes, line by line, however many rows they have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from include.submission.changes.header import ChangeHeader, HeaderReader, is_comment
from include.submission.findings import Findings
from include.submission.package import open_package

#: What separates cells, the likeliest first.
_SEPARATORS = ("\t", "~", "|", ";", ",")
#: How a template leads the line with the names of its columns.
_LEADING = ("", "column name")
#: Ends of names of texts.
TEXTS = (".txt", ".tsv", ".csv")


@dataclass(frozen=True)
class ChangedRow:
    """A row: values of the columns that find a record, and those that it is given, as they are written."""

    line: int
    key: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class UnreadLine:
    """A line that nothing was read of.

    :ivar why: what is wrong with it; empty for a line that is left out: a comment, a text before the head,
        the names of the columns.
    """

    line: int
    why: str = ""


Event = ChangeHeader | ChangedRow | UnreadLine


@dataclass(frozen=True)
class ChangesFile:
    """A text of a package.

    :ivar open: gives its bytes; anew for each reading.
    """

    name: str
    open: Callable[[], IO[bytes]]

    def events(self) -> Iterator[Event]:
        """Heads, rows and lines that were not read, in their order; a head in comments only without another.

        :raises READ_ERRORS: it cannot be read.
        """
        has_head = any(isinstance(event, ChangeHeader) for event in self._events(in_comments=False))
        return self._events(in_comments=not has_head)

    def _events(self, *, in_comments: bool) -> Iterator[Event]:
        head, rows = HeaderReader(in_comments), _Rows()
        with self.open() as stream:
            for number, data in enumerate(stream, 1):
                text, is_fit = _decoded(data, is_first=number == 1)
                if not text.strip():
                    continue
                found = head.take(number, text)
                if isinstance(found, ChangeHeader):
                    rows = _Rows(found)
                    yield found
                elif found or is_comment(text) or rows.header is None:
                    yield UnreadLine(number)
                elif not is_fit:
                    yield UnreadLine(number, "bytes that are not UTF-8")
                else:
                    yield rows.read(number, text)


def changes_in(place: Path, findings: Findings) -> Iterator[ChangesFile]:
    """The texts of a folder or zip file, or the one file there is. Files are open until it ends.

    :param findings: receives what is unsafe or damaged; such files are left out.
    :raises PackageError: there is nothing at the place.
    """
    with ExitStack() as stack:
        package = stack.enter_context(open_package(place, findings))
        kept = [file for file in package.files if not file.is_stray]
        for file in sorted(kept, key=lambda item: (item.name, item.path)):
            if file.name.lower().endswith(TEXTS) or len(kept) == 1:
                yield ChangesFile(file.name, partial(package.open, file))


@dataclass
class _Rows:
    """How the rows below one head are read.

    :ivar places: where each column of the head stands; by its order until a line names them.
    """

    header: ChangeHeader | None = None
    separator: str = ""
    places: tuple[int, ...] = ()

    def read(self, number: int, text: str) -> ChangedRow | UnreadLine:
        header = self.header
        if header is None:
            raise LookupError("rows without a head")
        width = len(header.names)
        self.separator = self.separator or _separator(text, width)
        cells = text.split(self.separator)
        if self._names_columns(cells):
            return UnreadLine(number)
        if len(cells) > width and not cells[0].strip():
            cells = cells[1:]
        while len(cells) > width and not cells[-1].strip():
            cells.pop()
        if len(cells) != width:
            return UnreadLine(number, f"{len(cells)} cells, the head names {width} columns")
        given = [cells[at] for at in self.places] if self.places else cells
        keys = len(header.keys)
        return ChangedRow(number, tuple(given[:keys]), tuple(given[keys:]))

    def _names_columns(self, cells: list[str]) -> bool:
        """Whether a line names the columns; from there on, they stand in its order."""
        names = [cell.strip().strip("\"'").lower() for cell in cells]
        if names and names[0] in _LEADING:
            names = names[1:]
        while names and not names[-1]:
            names.pop()
        wanted = self.header.names if self.header else ()
        if sorted(names) != sorted(wanted):
            return False
        self.places = tuple(map(names.index, wanted))
        return True


def _separator(text: str, width: int) -> str:
    """What separates the cells of a line that has as many as the head names columns."""
    if "\t" in text:
        return "\t"
    return next((mark for mark in _SEPARATORS if text.count(mark) + 1 == width), "\t")


def _decoded(data: bytes, *, is_first: bool) -> tuple[str, bool]:
    """A line without its end, and whether it is UTF-8."""
    plain = data.rstrip(b"\r\n")
    try:
        return plain.decode("utf-8-sig" if is_first else "utf-8"), True
    except UnicodeDecodeError:
        return plain.decode("latin-1"), False
