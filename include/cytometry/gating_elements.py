"""One element of a gating definition: a marker with its value, a prefix and a suffix, or a pattern of
several.

An element of several markers becomes several. Every step takes time in proportion to the element.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass

from include.cytometry.gating_grammar import CUTTING_VALUES, NUMBERED_PREFIXES, PREFIXES, SIGNS, SUFFIXES
from include.cytometry.vocabulary import Marker, Names


@dataclass(frozen=True)
class Element:
    """One marker of a definition.

    :param reported: as written, with prefix and suffix, without blanks between marker and value.
    :param marker: None when it is unknown.
    :param sign: one of + - ++ +- +~, empty where there is no value.
    """

    reported: str
    marker: Marker | None = None
    sign: str = ""

    @property
    def preferred(self) -> str:
        """The preferred name with the sign, empty when the marker is unknown."""
        return f"{self.marker.preferred}{self.sign}" if self.marker else ""

    @property
    def accession(self) -> str | None:
        """Of the analyte, None for other and unknown markers."""
        return self.marker.accession if self.marker else None


def _spaced(literal: str) -> re.Pattern[str]:
    return re.compile(re.escape(literal).replace(r"\ ", " +"))


_VALUES = sorted(SIGNS, key=len, reverse=True)
_PREFIXES = (*NUMBERED_PREFIXES, *map(_spaced, PREFIXES))
#: They match the reversed text from its beginning: searching for blanks before an end is not linear.
_SUFFIXES = tuple(_spaced(suffix[::-1]) for suffix in SUFFIXES)
#: Characters after the longest name within which its value is looked for.
_BLANKS_AND_VALUE = 32
_CUTS = sorted(CUTTING_VALUES, key=len, reverse=True)
_CUT = re.compile("|".join(f"{re.escape(value)}{'(?![a-z])' * value.isalpha()}" for value in _CUTS))
_CUT_BEFORE_NAME = re.compile(rf"(?:{'|'.join(map(re.escape, _CUTS))})(?=\Z| |[A-Z])")
_NUMBERS = re.compile(r"([A-Za-z0-9]+)((?:,[0-9]+)+)([+-])")
_SIGNED_NUMBERS = re.compile(r"([A-Za-z0-9]+[+-])((?:[0-9]+[+-])+)")
_SIGNED_NUMBER = re.compile(r"[0-9]+[+-]")
_NEGATIVE_POSITIVE = re.compile(r"([A-Za-z]+[0-9]+)([np])_?(?=[A-Z])")
_MINUS = re.compile(r"\((\S+)\) +minus +\((\S+) +(\S+) +positive\)")


def as_ignored(text: str, names: Names) -> Element:
    """An element that is looked up as it stands."""
    return Element(text, _find(text, names))


def read_element(text: str, names: Names) -> list[Element]:
    """The markers of an element without blanks around it: one that is unknown when nothing fits."""
    if known := _known(text, names):
        return [known]
    for pattern in (_numbers, _signed_numbers, _either_or, _negative_positive, _minus):
        if elements := pattern(text, names):
            return elements
    if parts := _cut(text, names):
        return [_marker(part, names) for part in parts]
    return [_unknown(text)]


def _marker(text: str, names: Names) -> Element:
    return _known(text, names) or _unknown(text)


def _find(text: str, names: Names) -> Marker | None:
    """What a text means; a marker other than an analyte may have blanks for underscores."""
    if len(text) > names.longest:
        return None
    return names.find(text) or names.others.get(text.replace(" ", "_"))


def _known(text: str, names: Names) -> Element | None:
    """The element if it is a known marker: bare, without a prefix, without a suffix, or without both."""
    prefixes = [match.end() for pattern in _PREFIXES if (match := pattern.match(text))]
    backwards = text[::-1]
    suffixes = [match.end() for pattern in _SUFFIXES if (match := pattern.match(backwards))]
    spans = [(0, 0), *((prefix, 0) for prefix in prefixes), *((0, suffix) for suffix in suffixes)]
    spans += [(prefix, suffix) for prefix in prefixes for suffix in suffixes]
    for before, after in spans:
        rest = text[before : len(text) - after]
        start = before + len(rest) - len(rest.lstrip(" "))
        if found := _marker_and_value(rest.strip(" "), names):
            name, value, marker = found
            end = len(text[: len(text) - after].rstrip(" "))
            return Element(f"{text[:start]}{name}{value}{text[end:]}", marker, SIGNS.get(value, ""))
    return None


def _marker_and_value(text: str, names: Names) -> tuple[str, str, Marker] | None:
    """A known name, alone or with one of the values that the text ends in."""
    if marker := _find(text, names):
        return text, "", marker
    for value in _VALUES:
        if text.endswith(value):
            name = text.removesuffix(value).rstrip(" ")
            if marker := _find(name, names):
                return name, value, marker
    return None


def _unknown(text: str) -> Element:
    for value in _VALUES:
        if text.endswith(value):
            name = text.removesuffix(value).rstrip(" ")
            return Element(f"{name}{value}")
    return Element(text)


def _numbers(text: str, names: Names) -> list[Element]:
    """CD3,56,19,14+: the letters of the first name and the last sign are those of all."""
    match = _NUMBERS.fullmatch(text)
    if match is None:
        return []
    first, numbers, sign = match.groups()
    parts = [first, *(f"{_letters(first)}{number}" for number in numbers.split(",")[1:])]
    return [_marker(f"{part}{sign}", names) for part in parts]


def _signed_numbers(text: str, names: Names) -> list[Element]:
    """CD3+14-: the letters of the first name are those of all."""
    match = _SIGNED_NUMBERS.fullmatch(text)
    if match is None:
        return []
    first, others = match.groups()
    parts = [first, *(f"{_letters(first)}{number}" for number in _SIGNED_NUMBER.findall(others))]
    return [_marker(part, names) for part in parts]


def _letters(name: str) -> str:
    return name[: len(name) - len(name.lstrip(string.ascii_letters))]


def _either_or(text: str, names: Names) -> list[Element]:
    """Either CXCR5dim or PD1dim: two elements, neither of them such a choice again."""
    if not text.startswith("either "):
        return []
    first, _, second = text.removeprefix("either ").rpartition(" or ")
    if not first.strip() or not second.strip():
        return []
    return [element for part in (first, second) for element in _no_choice(part.strip(), names)]


def _no_choice(text: str, names: Names) -> list[Element]:
    return [_marker(text, names)] if text.startswith("either ") else read_element(text, names)


def _negative_positive(text: str, names: Names) -> list[Element]:
    """CD14nCD16n_CD86_pP: n is negative, p positive; the rest is an element of its own."""
    elements: list[Element] = []
    place = 0
    while match := _NEGATIVE_POSITIVE.match(text, place):
        elements.append(_marker(f"{match[1]}{'-' if match[2] == 'n' else '+'}", names))
        place = match.end()
    if elements and place < len(text):
        elements += read_element(text[place:], names)
    return elements


def _minus(text: str, names: Names) -> list[Element]:
    """(IFN-g) minus (IFN-g Ki67 positive): three markers, the last of them positive."""
    match = _MINUS.fullmatch(text)
    if match is None:
        return []
    first, second, third = match.groups()
    return [_marker(part, names) for part in (first, second, f"{third}positive")]


def _cut(text: str, names: Names) -> list[str]:
    """The parts of an element of several markers, each of which ends in a value; none if it is not one."""
    parts: list[str] = []
    place = 0
    while place < len(text):
        end = _end_of_known(text, place, names) or _end_of_first(text, place)
        if end is None:
            return []
        parts.append(text[place:end])
        place = _after_blanks(text, end)
    return parts


def _end_of_known(text: str, place: int, names: Names) -> int | None:
    """Where the longest known marker with a value ends that begins at a place."""
    found = None
    for match in _CUT.finditer(text, place + 1, place + names.longest + _BLANKS_AND_VALUE):
        if _find(text[place : match.start()].rstrip(" "), names):
            found = match.end()
    return found


def _end_of_first(text: str, place: int) -> int | None:
    """Where the first value ends after which there is the end, a blank, or a capital letter."""
    match = _CUT_BEFORE_NAME.search(text, place + 1)
    return match.end() if match else None


def _after_blanks(text: str, place: int) -> int:
    while text.startswith(" ", place):
        place += 1
    return place


def without_value(element: str) -> tuple[str, str]:
    """The name and the sign of an element whose marker is unknown: CD999high gives CD999 and ++.

    A value in letters ends a word, it does not begin in one: Delphi has none.
    """
    for value in _VALUES:
        name = element[: -len(value)].rstrip()
        is_whole = not (value[0].islower() and name[-1:].islower() and name == element[: -len(value)])
        if name and element.endswith(value) and is_whole:
            return name, SIGNS[value]
    return element, ""
