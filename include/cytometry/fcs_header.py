"""Headers of FCS files: version, keywords and parameters, without the events.

HEADER and TEXT are all that is read: of a file of any size a few kilobytes, so a file that was cut off after
them, or the first bytes of one, will do. FCS 2.0, 3.0, 3.1 and 3.2, with one data set or several.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from include.cytometry.fcs_text import is_closed, keywords_of

VERSIONS = ("FCS2.0", "FCS3.0", "FCS3.1", "FCS3.2")
#: Bytes of HEADER that are read: the version, and begin and end of three segments.
_HEADER_BYTES = 58
#: A longer TEXT is taken for a wrong offset: real ones have up to some hundred kilobytes.
LONGEST_TEXT = 4 * 1024 * 1024


class FcsError(ValueError):
    """A file has no header that can be read; the message says which and why."""


class NotFcsError(FcsError):
    """The file does not begin as an FCS file of a known version does."""


class TruncatedFcsError(FcsError):
    """The file ends within its HEADER or TEXT."""


class FcsOffsetError(FcsError):
    """HEADER does not say where TEXT stands, or what stands there cannot be TEXT."""


class FcsKeywordError(FcsError):
    """TEXT lacks a keyword that every reader needs, or has a value for it that cannot be."""


@dataclass(frozen=True)
class FcsParameter:
    """One parameter.

    :param pnn: $PnN, its short name, empty where the file has none.
    :param pns: $PnS, its long name, empty where the file has none.
    """

    number: int
    pnn: str
    pns: str


@dataclass(frozen=True)
class FcsHeader:
    """The header of one data set.

    :param data_set: 1 for the first of the file.
    :param version: as in `VERSIONS`.
    :param keywords: all of TEXT, by upper-case keyword, values as written.
    :param events: $TOT, None where there is none: FCS 2.0 does not require it.
    :param notes: what is wrong with the file although the header could be read.
    """

    data_set: int
    version: str
    parameters: tuple[FcsParameter, ...]
    keywords: Mapping[str, str]
    events: int | None
    notes: tuple[str, ...] = ()


def read_fcs(path: Path) -> Iterator[FcsHeader]:
    """The header of each data set of a file.

    :raises FcsError: a header cannot be read; those of earlier data sets came before.
    :raises OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        yield from read_headers(file, path.name)


def read_headers(file: BinaryIO, name: str) -> Iterator[FcsHeader]:
    """The header of each data set of an open file that can seek; see `read_fcs`.

    :param name: what errors call the file.
    """
    size = file.seek(0, os.SEEK_END)
    begin: int | None = 0
    number = 1
    while begin is not None:
        data_set = _DataSet(file, name, number, begin, size)
        header, begin = data_set.read()
        yield header
        number += 1


@dataclass(frozen=True)
class _DataSet:
    """One data set of a file: all its offsets count from where it begins."""

    file: BinaryIO
    name: str
    number: int
    begin: int
    size: int

    def read(self) -> tuple[FcsHeader, int | None]:
        """The header, and where the next data set begins."""
        version, first, last = self._segment()
        text = self._bytes(first, last)
        keywords = keywords_of(text)
        if keywords is None:
            raise FcsOffsetError(
                f"{self._where}: no keywords at bytes {first} to {last}, where TEXT is to be"
            )
        notes = [] if is_closed(text) else [f"TEXT does not end with its delimiter, at byte {last}"]
        notes += self._add_supplement(keywords)
        parameters = self._parameters(keywords)
        begin, why_not = self._next(keywords, last)
        events = keywords.get("$TOT", "").strip()
        if events and not _is_number(events):
            notes.append(f"$TOT is {_shown(events)}, not a number of events")
        notes += [*why_not, *self._missing_events(keywords)]
        total = int(events) if _is_number(events) else None
        return FcsHeader(self.number, version, parameters, keywords, total, tuple(notes)), begin

    @property
    def _end(self) -> str:
        return f"the file ends after {self.size - self.begin} bytes"

    @property
    def _where(self) -> str:
        return self.name if self.number == 1 else f"{self.name}, data set {self.number}"

    def _segment(self) -> tuple[str, int, int]:
        """The version, and the first and last byte of TEXT."""
        header = self._at(0, _HEADER_BYTES)
        if not header:
            raise NotFcsError(f"{self._where}: the file is empty")
        version = header[:6].decode("latin-1")
        if not re.fullmatch(r"FCS[0-9]\.[0-9]", version):
            raise NotFcsError(f"{self._where}: not an FCS file: it begins with {_shown(version)}")
        if version not in VERSIONS:
            raise NotFcsError(
                f"{self._where}: {version} is not a version that can be read: {', '.join(VERSIONS)}"
            )
        if len(header) < 26:
            raise TruncatedFcsError(f"{self._where}: it ends after {len(header)} bytes, within HEADER")
        fields = [header[start : start + 8].decode("latin-1").strip(" \0") for start in (10, 18)]
        if not all(map(_is_number, fields)):
            raise FcsOffsetError(f"{self._where}: HEADER places TEXT at {_shown(' to '.join(fields))}")
        first, last = map(int, fields)
        if not _HEADER_BYTES <= first < last:
            raise FcsOffsetError(f"{self._where}: HEADER places TEXT at bytes {first} to {last}")
        return version, first, last

    def _bytes(self, first: int, last: int) -> bytes:
        """A segment.

        :raises TruncatedFcsError: the file ends before it does.
        :raises FcsOffsetError: it is longer than any is.
        """
        length = last - first + 1
        if self.begin + last >= self.size:
            raise TruncatedFcsError(f"{self._where}: TEXT is to be at bytes {first} to {last}, {self._end}")
        if length > LONGEST_TEXT:
            raise FcsOffsetError(f"{self._where}: TEXT of {length:,} bytes, more than {LONGEST_TEXT:,}")
        return self._at(first, length)

    def _at(self, place: int, length: int) -> bytes:
        self.file.seek(self.begin + place)
        found = self.file.read(length)
        if place and len(found) < length:
            raise TruncatedFcsError(
                f"{self._where}: {len(found)} of the {length} bytes at {place} could be read"
            )
        return found

    def _add_supplement(self, keywords: dict[str, str]) -> list[str]:
        """Add the keywords of the supplemental TEXT that FCS 3 may have; what is wrong with it."""
        fields = [keywords.get(key, "").strip() for key in ("$BEGINSTEXT", "$ENDSTEXT")]
        if not all(map(_is_number, fields)):
            return [f"$BEGINSTEXT and $ENDSTEXT are {_shown(' and '.join(fields))}"] if any(fields) else []
        first, last = map(int, fields)
        if not 0 < first < last:
            return []
        try:
            found = keywords_of(self._bytes(first, last))
        except FcsError as error:
            return [f"supplemental TEXT: {error}"]
        if found is None:
            return [f"no keywords at bytes {first} to {last}, where the supplemental TEXT is to be"]
        for key, value in found.items():
            keywords.setdefault(key, value)
        return []

    def _parameters(self, keywords: Mapping[str, str]) -> tuple[FcsParameter, ...]:
        stated = keywords.get("$PAR")
        if stated is None:
            raise FcsKeywordError(f"{self._where}: TEXT has no keyword $PAR, the number of parameters")
        if not _is_number(stated.strip()):
            raise FcsKeywordError(f"{self._where}: $PAR is {_shown(stated)}, not a number of parameters")
        count = int(stated)
        # Each has required keywords, so there cannot be more parameters than keywords.
        described = {int(match[1]) for key in keywords if (match := _OF_PARAMETER.fullmatch(key))}
        if count > len(described) or not described.issuperset(range(1, count + 1)):
            raise FcsKeywordError(
                f"{self._where}: $PAR is {count}, TEXT describes {len(described)} parameters"
            )
        return tuple(
            FcsParameter(number, keywords.get(f"$P{number}N", ""), keywords.get(f"$P{number}S", ""))
            for number in range(1, count + 1)
        )

    def _next(self, keywords: Mapping[str, str], last: int) -> tuple[int | None, list[str]]:
        """Where the next data set begins; why there is none where one is to be."""
        stated = keywords.get("$NEXTDATA", "").strip()
        if not stated.strip("0"):
            return None, []
        offset = int(stated) if _is_number(stated) else 0
        if offset <= last:
            return None, [f"$NEXTDATA is {_shown(stated)}, which is not after TEXT"]
        if self.begin + offset >= self.size:
            return None, [f"$NEXTDATA is {offset}, {self._end}"]
        if self._at(offset, min(3, self.size - self.begin - offset)) != b"FCS":
            return None, [f"$NEXTDATA is {offset}, where no data set begins"]
        return self.begin + offset, []

    def _missing_events(self, keywords: Mapping[str, str]) -> list[str]:
        """Whether the file ends before its events do."""
        field = keywords.get("$ENDDATA", "").strip()
        if not (_is_number(field) and int(field)):  # FCS 2.0 has it in HEADER alone
            field = self._at(0, _HEADER_BYTES)[34:42].decode("latin-1").strip(" \0")
        # One byte too many is a common mistake.
        if _is_number(field) and self.begin + int(field) > self.size:
            return [f"the events are to end at byte {int(field)}, {self._end}"]
        return []


_OF_PARAMETER = re.compile(r"\$P([1-9][0-9]{0,8})[NBRES]")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20


def _shown(text: str) -> str:
    """A text of a file, short, for a message."""
    return repr(text if len(text) <= 40 else f"{text[:40]}...")
