"""Reading the tables of a Tab package from its zip file, without trusting either.

Members are picked by their names and streamed; nothing is extracted under a name from the file. The bytes of
a table are checked line by line: a line that is not a row is quarantined, the others go on.
"""

from __future__ import annotations

import lzma
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO

from include.sources.reader import NotDataError
from include.sources.release import Release

#: A package holds about 120 tables and some documents.
MAX_MEMBERS = 20_000
#: Size of all tables together, and how many times its packed size a package may grow once it is large.
MAX_BYTES, MAX_RATIO, SMALL = 500 << 30, 250, 256 << 20
#: Longest line, and how many bad lines of a table are quarantined before the table itself is refused.
MAX_LINE, MAX_BAD_LINES = 64 << 20, 1000
#: The widest table of a package has 33; Postgres takes 1,600.
MAX_COLUMNS = 1000

#: Cannot occur in a good line, so that COPY may take it for its quote: packages know no quoting.
QUOTE = "\x01"
_BLOCK = 1 << 20
_FORBIDDEN = {b"\x00": "a NUL byte", b"\r": "a carriage return", QUOTE.encode(): "a byte 0x01"}
_ANY_FORBIDDEN = re.compile(b"[" + b"".join(_FORBIDDEN) + b"]")
#: What reading a zip file raises when it is broken, encrypted or packed in a way that Python does not know.
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, struct.error, UnicodeDecodeError,
    NotImplementedError, RuntimeError,
)  # fmt: skip
#: Older packages have a folder of their own name around the one of the tables.
_MEMBER = re.compile(r"(?:[^/\\.][^/\\]*/)?Tab/([a-z0-9_]{1,48})\.txt", re.IGNORECASE)
_FILE = re.compile(r"(SDY\d+)-(DR\d+(?:\.\d+)?)(_Tab)?\.zip", re.IGNORECASE)


def named(file_name: str) -> tuple[str, Release]:
    """Study and release that the name of a package, or of the archive of one, stands for.

    :raises NotDataError: the file name is not such a name.
    """
    found = _FILE.fullmatch(file_name)
    if found is None:
        raise NotDataError(f"{file_name!r} is not the name of a package (expected SDY139-DR25_Tab.zip)")
    return found[1].upper(), Release.parse(found[2].upper())


def unreadable(path: Path) -> str | None:
    """Read a package through once, keeping nothing. Returns why it cannot be read; None when it can."""
    member = ""
    try:
        with opened(path) as archive:
            members = tables(archive)
            if "study" not in members:
                return "it has no Tab/study.txt"
            for entry in members.values():
                member = f"{entry.filename}: "
                with archive.open(entry) as file:
                    while file.read(_BLOCK):  # the checksum is compared at the end
                        pass
    except (NotDataError, *_UNREADABLE) as error:
        return f"{member}{error}"
    return None


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """A package, also if it lies within an archive, as ImmPort keeps those of older releases.

    :raises NotDataError: several packages in one archive, or one of another study or release, or too large.
    """
    with zipfile.ZipFile(path) as outer:
        inner = [entry for entry in outer.infolist() if _is_package(entry.filename)]
        if not inner:
            yield outer
            return
        if len(inner) > 1:
            raise NotDataError(f"{len(inner)} packages in one archive: {inner[0].filename} and others")
        name = inner[0].filename.rpartition("/")[2]
        if named(name) != named(path.name):
            raise NotDataError(f"it holds {name}")
        _refuse_bomb(inner[0].file_size, inner[0].compress_size)
        # A zip file is read from its end: a compressed one must be unpacked before.
        with tempfile.TemporaryFile() as spool:
            with outer.open(inner[0]) as packed:
                shutil.copyfileobj(packed, spool, _BLOCK)
            with zipfile.ZipFile(spool) as package:
                yield package


def _is_package(member: str) -> bool:
    found = _FILE.fullmatch(member.rpartition("/")[2])
    return found is not None and found[3] is not None


def _refuse_bomb(size: int, packed: int) -> None:
    if size > MAX_BYTES or (size > SMALL and size > MAX_RATIO * packed):
        raise NotDataError(f"{packed} packed bytes would become {size}")


def tables(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The tables of a package by name, in the order of the zip file.

    :raises NotDataError: none, one twice, or more or larger ones than any package has.
    """
    entries = archive.infolist()
    if len(entries) > MAX_MEMBERS:
        raise NotDataError(f"{len(entries)} members, more than {MAX_MEMBERS}")
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        name = _MEMBER.fullmatch(entry.filename)
        if name is None or entry.is_dir():
            continue
        table = name[1].lower()
        if table in found:
            raise NotDataError(f"two members for one table: {found[table].filename} and {entry.filename}")
        found[table] = entry
    if not found:
        raise NotDataError("no table in it (expected members such as Tab/study.txt)")
    size = sum(entry.file_size for entry in found.values())
    _refuse_bomb(size, sum(entry.compress_size for entry in found.values()))
    return found


def count_rows(file: IO[bytes]) -> int:
    """Rows of an unread table: its lines but the header."""
    lines, last = 0, b"\n"
    while block := file.read(_BLOCK):
        lines += block.count(b"\n")
        last = block[-1:]
    return max(lines + (last != b"\n") - 1, 0)


@dataclass(frozen=True)
class BadLine:
    """A line that is not a row.

    :param number: its position in the file; the header is line 1.
    :param text: as received, with bytes that are not text written as escapes.
    """

    number: int
    text: str
    why: str

    @property
    def cells(self) -> list[str]:
        return self.text.split("\t")


class TabReader:
    """A table as it is read: its header at once, its lines in blocks.

    :ivar header: names in lower case, each once: of columns that have one name it stands for the last, as of
        keys that a JSON object has twice; the others are called `name#1`, which no table declares.
    :ivar repeated: names that several columns have.
    :ivar copies: what the other columns of that name are called.
    :raises NotDataError: there is no header line, or it is not a list of names.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.rows = 0
        self.bad: list[BadLine] = []
        self.repeated: frozenset[str] = frozenset()
        self.copies: frozenset[str] = frozenset()
        self.header = self._header()

    def blocks(self) -> Iterator[bytes]:
        """The good lines, about a megabyte at a time. Bad ones are in `bad` when it ends.

        :raises NotDataError: a line is far too long, or so many are bad that it is not such a table.
        """
        rest = b""
        while chunk := self._file.read(_BLOCK):
            rest += chunk
            end = rest.rfind(b"\n") + 1
            if end:
                yield from self._checked(rest[:end])
                rest = rest[end:]
            elif len(rest) > MAX_LINE:
                raise NotDataError(f"line {self._line}: longer than {MAX_LINE >> 20} MB")
        if rest:
            self._refuse(rest, "no newline at its end: the file is cut short")
        if self.bad and not self.rows:
            raise NotDataError(f"no line of it can be read: line {self.bad[0].number}, {self.bad[0].why}")

    @property
    def _line(self) -> int:
        """Number of the next line."""
        return 2 + self.rows + len(self.bad)

    def _header(self) -> tuple[str, ...]:
        line = self._file.readline(_BLOCK)
        if not line.endswith(b"\n"):
            raise NotDataError("the header line is cut short" if line else "empty, without a header line")
        try:
            text = line[:-1].decode("utf-8-sig")
        except UnicodeDecodeError:
            raise NotDataError("the header line is not UTF-8") from None
        if found := _ANY_FORBIDDEN.search(line):
            raise NotDataError(f"{_FORBIDDEN[found[0]]} in the header line")
        names = tuple(name.strip().lower() for name in text.split("\t"))
        if len(names) > MAX_COLUMNS:
            raise NotDataError(f"{len(names)} columns, more than {MAX_COLUMNS}")
        if not all(names):
            raise NotDataError(f"the header line has a column without a name: {text[:200]!r}")
        return self._apart(names)

    def _apart(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Names of columns, each once."""
        last = {name: at for at, name in enumerate(names)}
        if len(last) == len(names):
            return names
        self.repeated = frozenset(name for name in last if names.count(name) > 1)
        taken = set(names)
        apart = list(names)
        for at, name in enumerate(names):
            if last[name] != at:
                free = (f"{name}#{number}" for number in count(1))
                apart[at] = next(other for other in free if other not in taken)
                taken.add(apart[at])
        self.copies = frozenset(apart).difference(names)
        return tuple(apart)

    def _checked(self, block: bytes) -> Iterator[bytes]:
        lines = block.split(b"\n")[:-1]
        tabs = len(self.header) - 1
        # Nearly always all is well: a few looks at a megabyte, not several at each line of it.
        if not _ANY_FORBIDDEN.search(block) and {line.count(b"\t") for line in lines} == {tabs}:
            try:
                block.decode()
            except UnicodeDecodeError:
                pass
            else:
                self.rows += len(lines)
                yield block
                return
        good = []
        for line in lines:
            why = self._wrong(line, tabs)
            if why is None:
                good.append(line + b"\n")
                self.rows += 1
            else:
                self._refuse(line, why)
        yield b"".join(good)

    def _wrong(self, line: bytes, tabs: int) -> str | None:
        if found := _ANY_FORBIDDEN.search(line):
            return _FORBIDDEN[found[0]]
        try:
            line.decode()
        except UnicodeDecodeError:
            return "text that is not UTF-8"
        count = line.count(b"\t")
        return None if count == tabs else f"{count + 1} cells, the header has {tabs + 1}"

    def _refuse(self, line: bytes, why: str) -> None:
        if len(self.bad) >= MAX_BAD_LINES:
            raise NotDataError(f"line {self._line}: {why}, after {MAX_BAD_LINES} other lines that are bad")
        text = line.decode(errors="backslashreplace").replace("\x00", "\\x00")
        self.bad.append(BadLine(self._line, text, why))
