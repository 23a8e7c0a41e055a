"""Markers in the names of FCS parameters, $PnN and $PnS, by ImmPort's published rules.

The result of a text is a list of values: preferred names of the markers found in it, and what is left of it.
The rules are applied as published, their oddities included; where they are silent, the choice is described in
docs/cytometry.md. Every step takes time in proportion to the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from include.cytometry.vocabulary import Marker, Names

_GAP_AFTER_CD = re.compile(r"CD[ \-](?=[0-9])")
_SPLIT = re.compile(r" +|_|/")
#: Within a component: what separates subcomponents. (` or ` cannot stand there: components have no blanks.)
_SEPARATORS = re.compile(r"[-+&]")
_HLA = re.compile(r"HLADR|HLA-DR|HLA DR|HLA-Dr")
_NUMBERS_AFTER_CD = re.compile(r"CD[0-9]+ +[0-9]")
_THREE_CD = re.compile(r"CD([0-9]{2})([0-9]{2})([0-9]{2})")
_CD_CHAIN = re.compile(r"CD[0-9]+CD[0-9]")
_CD = re.compile(r"CD[0-9]+")
_CADMIUM = re.compile(r"(Cd[0-9]+)Di")
_CD_MARKER = re.compile(r"CD[0-9]+[a-zA-Z]?")
_CD_PREFIX = re.compile(r"CD[0-9]+(?=.)")
_V_CCR = re.compile(r"V(CCR[0-9]+)")


@dataclass(frozen=True)
class Value:
    """One value of the result of a text.

    :param text: the preferred name of `marker`, or, where that is None, what no name was found for.
    """

    text: str
    marker: Marker | None = None


@dataclass(frozen=True)
class Parameter:
    """One parameter of a panel, as reported and as read.

    :param pns: values of $PnS; those of $PnN where the file has no $PnS.
    """

    pnn_reported: str
    pns_reported: str
    pnn: tuple[Value, ...]
    pns: tuple[Value, ...]

    @property
    def pnn_preferred(self) -> str:
        return joined(self.pnn)

    @property
    def pns_preferred(self) -> str:
        return joined(self.pns)


@dataclass(frozen=True)
class Panel:
    """The parameters of one FCS file, in their order."""

    parameters: tuple[Parameter, ...]

    @property
    def preferred(self) -> str:
        """The results of $PnS, with strokes between."""
        return "|".join(item.pns_preferred for item in self.parameters)

    @property
    def unknown(self) -> list[str]:
        """Values of `preferred` that are not names of markers, each once."""
        values = (value for item in self.parameters for value in item.pns)
        return list(dict.fromkeys(value.text for value in values if value.marker is None))


def joined(values: Iterable[Value]) -> str:
    """A list of values as ImmPort writes it."""
    return ", ".join(value.text for value in values)


def read_panel(parameters: Iterable[tuple[str, str]], names: Names) -> Panel:
    """The markers of a panel.

    :param parameters: $PnN and $PnS of each, empty where the file has none.
    """
    return Panel(tuple(_parameter(pnn, pns, names) for pnn, pns in parameters))


def _parameter(pnn: str, pns: str, names: Names) -> Parameter:
    of_pnn = read_text(pnn, names)
    return Parameter(pnn, pns, of_pnn, read_text(pns, names) if pns.strip() else of_pnn)


def read_text(reported: str, names: Names) -> tuple[Value, ...]:
    """The values of one $PnN or $PnS; the text itself where no name is found in it."""
    text = _without_parentheses(_GAP_AFTER_CD.sub("CD", reported))
    if marker := names.find(text):
        return (Value(marker.preferred, marker),)
    values: dict[str, Value] = {}
    for value in _values(text, names):
        values.setdefault(value.text, value)
    if not any(value.marker for value in values.values()):
        return (Value(reported),) if reported else ()
    return tuple(values.values())


def _without_parentheses(text: str) -> str:
    """The text without the parentheses around what begins with CD or Cd."""
    dropped: set[int] = set()
    is_open: list[int] = []
    for place, character in enumerate(text):
        if character == "(":
            is_open.append(place)
        elif character == ")" and is_open:
            start = is_open.pop()
            if text.startswith(("CD", "Cd"), start + 1) and place > start + 3:
                dropped |= {start, place}
    return "".join(character for place, character in enumerate(text) if place not in dropped)


def _values(text: str, names: Names) -> Iterator[Value]:
    """A marker inside the text, then the components that are names, then what the others hold."""
    if inside := names.other_inside(text):
        name, place = inside
        marker = names.others[name]
        yield Value(marker.preferred, marker)
        text = text[:place] + text[place + len(name) :]
    tokens: list[str] = []
    for component in _SPLIT.split(text):
        spelt = component.replace("cD", "CD").replace("cd", "CD")
        if known := names.find(spelt):
            yield Value(known.preferred, known)
        else:
            tokens += _tokens(spelt)
    for token in tokens:
        if known := names.find(token):
            yield Value(known.preferred, known)
        elif len(token) > 1 and not re.fullmatch("[0-9]+", token):
            yield Value(token)


def _tokens(component: str) -> Iterator[str]:
    """The final tokens of a component: an HLA name in one, whatever separators it has."""
    start, end = _hla(component)
    if start < end:
        yield from _subcomponents(component[:start])
        yield component[start:end]
        component = component[end:]
    yield from _subcomponents(component)


def _hla(component: str) -> tuple[int, int]:
    """Where the HLA name stands: the last HLA-DR in a spelling of its own, else all from the last HLA- on."""
    places = [match.span() for match in _HLA.finditer(component)]
    if places:
        return places[-1]
    start = component.rfind("HLA-", 0, len(component) - 1)
    return (start, len(component)) if start >= 0 else (0, 0)


def _subcomponents(text: str) -> Iterator[str]:
    blanks = _SEPARATORS.sub(" ", text).strip()
    is_numbered = _NUMBERS_AFTER_CD.match(blanks) is not None
    for number, part in enumerate(filter(None, blanks.split(" "))):
        if is_numbered and number and re.fullmatch("[0-9]+", part):
            yield f"CD{part}"
        else:
            yield from _markers(part)


def _markers(text: str) -> Iterable[str]:
    """The tokens of a subcomponent: the first case that fits decides. Case 5 precedes case 3."""
    if three := _THREE_CD.fullmatch(text):
        return [f"CD{number}" for number in three.groups()]
    if _CD_CHAIN.match(text):
        return _CD.findall(text)
    inner = text.rfind("CD", 1, len(text) - 1)
    if inner > 0:
        return [text[inner:]]
    if cadmium := _CADMIUM.fullmatch(text):
        return [cadmium[1]]
    if _CD_MARKER.fullmatch(text):
        return [text]
    return [_captured(text)]


def _captured(text: str) -> str:
    """What the patterns for other markers capture; the text itself where none fits."""
    bracket = text.rfind("(", 0, len(text) - 1)
    if text.startswith("CD") and bracket > 2:
        return text[:bracket]
    if digits := _CD_PREFIX.match(text):
        return digits[0]
    ccr = _V_CCR.fullmatch(text)
    return ccr[1] if ccr else text
