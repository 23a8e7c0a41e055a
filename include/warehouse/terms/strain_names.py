"""Names of influenza strains, taken apart: two names are one strain when all their parts are equal.

A name is type/place/number/year, with the host before the place where it is not human, and the subtype in
brackets behind: `A/duck/Anhui/1/2005 (H5N1)`. Some old strains have no number (`B/Lee/1940`) or no year.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SUBTYPE = r"h[0-9]{1,2}n[0-9]{1,2}"
_TYPE = re.compile(rf"([abcd])(?: ?\(({_SUBTYPE})\))?")
_TAIL = re.compile(rf"(?: ?\(({_SUBTYPE})\)| ({_SUBTYPE}))$")
#: Words of a place or a host: letters, and what may stand between them.
_WORDS = re.compile(r"[^\W\d_](?:[^\W\d_]|[ .'-])*")
_NUMBER = re.compile(r"[0-9a-z]+(?:-[0-9a-z]+)*")
_YEAR = re.compile(r"[0-9]{2}|[0-9]{4}")
_FULL_YEAR = re.compile(r"(?:18|19|20)[0-9]{2}")


@dataclass(frozen=True)
class Strain:
    """A strain by the parts of its name, in small letters; a part that the name does not state is empty.

    :param number: without leading zeros, which laboratories write or not.
    :param year: as written: 09 is not 2009, it may be 1909.
    """

    type: str
    host: str
    place: str
    number: str
    year: str
    subtype: str

    def __str__(self) -> str:
        parts = (self.type, self.host, self.place, self.number, self.year)
        return "/".join(part for part in parts if part) + (f" ({self.subtype})" if self.subtype else "")


def parse(text: str) -> Strain | None:
    """The strain that a whole text names; None when it names none, or names more than one thing."""
    name = re.sub(r"\s*/\s*", "/", " ".join(text.casefold().split()))
    tail = _TAIL.search(name)
    stated = {part for part in tail.groups() if part} if tail else set()
    first, *parts = (name[: tail.start()] if tail else name).split("/")
    kind = _TYPE.fullmatch(first)
    if kind is None:
        return None
    if kind[2]:
        stated.add(kind[2])
    if parts and re.fullmatch(_SUBTYPE, parts[0]):
        stated.add(parts.pop(0))
    if len(stated) > 1:
        return None
    placed = _place(parts)
    return placed and Strain(kind[1], *placed, subtype=next(iter(stated), ""))


def canonical(text: str) -> str | None:
    """One spelling for all the spellings of a strain; None for a text that is not a strain."""
    found = parse(text)
    return None if found is None else str(found)


def why_not(text: str) -> str:
    """Why a text that is not a term of the vocabulary was not matched to one, in words."""
    found = parse(text)
    if found is None:
        return "the text is not the name of one influenza strain"
    if len(found.year) == 2:
        return f"the year {found.year} has two digits, and the century is not stated"
    return "no term has the same type, host, place, number, year and subtype"


def _place(parts: list[str]) -> tuple[str, str, str, str] | None:
    """Host, place, number and year."""
    if len(parts) == 2:
        place, last = parts
        number, year = ("", last) if _FULL_YEAR.fullmatch(last) else (last, "")
        host = ""
    elif len(parts) in (3, 4):
        *hosts, place, number, year = parts
        host = hosts[0] if hosts else ""
        if not _YEAR.fullmatch(year):
            return None
    else:
        return None
    if not all(_WORDS.fullmatch(words) for words in (host, place) if words or words is place):
        return None
    if len(parts) == 4 and not host:
        return None
    if (number and not _NUMBER.fullmatch(number)) or not (number or year):
        return None
    return host, place, number.lstrip("0") or "0" if number.isdigit() else number, year
