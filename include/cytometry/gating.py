"""Markers in gating definitions, by ImmPort's published rules: CD3+14-/CD4+ CD44high.

A definition is separated into elements, an element into a prefix, a marker, its expression value and a
suffix. What is published is applied as it is; where the rules are silent, the choice is described in
docs/cytometry.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from include.cytometry.gating_elements import Element, as_ignored, read_element
from include.cytometry.gating_grammar import SEPARATORS, is_ignored
from include.cytometry.vocabulary import Names

#: All separators but the slash, comma and plus sign: these have an order, or a pattern that they may be a
#: part of.
_OTHERS = {SEPARATORS[name]: name for name in SEPARATORS if name not in ("slash", "comma", "plus")}
_OTHER = re.compile("|".join(map(re.escape, _OTHERS)))
_NAME, _DIGITS, _LAST = (re.compile(text) for text in ("[A-Za-z0-9]+", "[0-9]+", "[0-9]+[+-]"))
NONE = "NONE"


@dataclass(frozen=True)
class GatingDefinition:
    """A gating definition as read.

    :param separators: names of the different separators in it.
    """

    elements: tuple[Element, ...]
    separators: tuple[str, ...]

    @property
    def preferred(self) -> str:
        """The preferred markers with their signs; NONE when one is unknown, or there are none."""
        if not self.elements or any(element.marker is None for element in self.elements):
            return NONE
        return ", ".join(element.preferred for element in self.elements)

    @property
    def unknown(self) -> list[str]:
        """Elements without a known marker, as reported, each once."""
        return list(dict.fromkeys(item.reported for item in self.elements if item.marker is None))

    @property
    def note(self) -> str | None:
        """Why the rules do not say how to separate it: at most two separators, one of them the slash."""
        if len(self.separators) < 2 or (len(self.separators) == 2 and "slash" in self.separators):
            return None
        return f"more separators than the rules allow: {', '.join(self.separators)}"


def read_definition(definition: str, names: Names) -> GatingDefinition:
    """The markers of a gating definition."""
    found: dict[str, None] = {}
    elements: list[Element] = []
    for text in _separated(definition, found):
        if is_ignored(text):
            elements.append(as_ignored(text, names))
            continue
        for element in _split(text, "plus", found):
            elements += [as_ignored(element, names)] if is_ignored(element) else read_element(element, names)
    return GatingDefinition(tuple(elements), tuple(found))


def _separated(definition: str, found: dict[str, None]) -> Iterator[str]:
    """The elements, plus signs not yet separated; the separators seen are added to `found`."""
    for part in _split(definition, "slash", found):
        start = 0
        for match in _OTHER.finditer(part):
            found[_OTHERS[match[0]]] = None
            yield from _by_commas(part[start : match.start()], found)
            start = match.end()
        yield from _by_commas(part[start:], found)


def _split(text: str, separator: str, found: dict[str, None]) -> list[str]:
    parts = text.split(SEPARATORS[separator])
    if len(parts) > 1:
        found[separator] = None
    return [part.strip() for part in parts if part.strip()]


def _by_commas(text: str, found: dict[str, None]) -> Iterator[str]:
    """The elements between commas; CD3,56,19,14+ is one, its commas do not separate."""
    parts = [part.strip() for part in text.split(",")]
    ends = _ends_of_numbers(parts)
    place = 0
    while place < len(parts):
        end = ends[place + 1] if _NAME.fullmatch(parts[place]) else None
        last = place if end is None else end
        if place:
            found["comma"] = None
        if parts[place]:
            yield ",".join(parts[place : last + 1])
        place = last + 1


def _ends_of_numbers(parts: list[str]) -> list[int | None]:
    """For each part and the end: where numbers that begin there end with a signed one, or None."""
    ends: list[int | None] = [None] * (len(parts) + 1)
    for place in range(len(parts) - 1, -1, -1):
        if _LAST.fullmatch(parts[place]):
            ends[place] = place
        elif _DIGITS.fullmatch(parts[place]):
            ends[place] = ends[place + 1]
    return ends
