"""What elements of a resource are made of: functions of a row, which declarations put together.

An element whose function returns nothing is left out: FHIR knows no null, no empty text and no empty list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from include.serve.fhir.identity import fhir_id

Row = Mapping[str, Any]
Maker = Callable[[Row], Any]
#: Element -> what is made of a row.
Elements = Mapping[str, Maker]

#: White space and control characters that no text of FHIR may hold.
_OTHER_SPACE = re.compile(r"[^\S \r\n\t]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def build(elements: Elements, row: Row) -> dict[str, Any]:
    """The elements that a row has, in their order."""
    made = {name: _clean(make(row)) for name, make in elements.items()}
    return {name: value for name, value in made.items() if value is not None}


def _clean(value: Any) -> Any:
    """The value without what is empty; null where nothing is left."""
    if isinstance(value, str):
        return _OTHER_SPACE.sub(" ", value).strip() or None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        kept = {name: item for name, item in ((n, _clean(v)) for n, v in value.items()) if item is not None}
        return kept or None
    if isinstance(value, list | tuple):
        return [item for item in map(_clean, value) if item is not None] or None
    return value


def column(*names: str) -> Maker:
    """The value of a column; of several, the first that has one."""
    return lambda row: next((row[name] for name in names if row[name] not in (None, "")), None)


def natural(name: str) -> Maker:
    """A column that is a number of things; nothing where it is below 0."""
    return lambda row: row[name] if row[name] is not None and row[name] >= 0 else None


def fixed(value: Any) -> Maker:
    """The same for every row."""
    return lambda _: value


def code(name: str, codes: Mapping[Any, str], otherwise: str | None = None) -> Maker:
    """The code that stands for a value of a column."""
    return lambda row: codes.get(row[name], otherwise)


def listed(*makers: Maker) -> Maker:
    """A list of what several functions make."""
    return lambda row: [make(row) for make in makers]


def group(**elements: Maker) -> Maker:
    """An element of elements."""
    return lambda row: {name: make(row) for name, make in elements.items()}


def each(name: str, elements: Elements) -> Maker:
    """A list with an element for each item of a column that is a JSON array of objects."""
    return lambda row: [build(elements, item) for item in row[name] or ()]


def concept(*names: str, coding: Maker | None = None) -> Maker:
    """A CodeableConcept: the text of the first column that has one, with the code that stands for it."""
    text = column(*names)
    return lambda row: {"coding": [coding(row)] if coding else None, "text": text(row)}


def coding(system: str, code_of: Maker) -> Maker:
    """A Coding; nothing where there is not a code."""

    def make(row: Row) -> Any:
        found = code_of(row)
        return {"system": system, "code": found} if found else None

    return make


def reference(target: str, *names: str, display: str | None = None) -> Maker:
    """A Reference to the resource that columns identify; nothing where one of them is null."""

    def make(row: Row) -> Any:
        parts = [row[name] for name in names]
        if any(part in (None, "") for part in parts):
            return None
        return {
            "reference": f"{target}/{fhir_id(*parts)}",
            "display": row[display] if display else None,
        }

    return make


def identity(before: str, *names: str) -> Maker:
    """The id that columns make, with a text before it."""
    return lambda row: before + fhir_id(*(row[name] for name in names))


def first(*makers: Maker) -> Maker:
    """What the first function makes that makes anything."""
    return lambda row: next((made for made in (_clean(make(row)) for make in makers) if made), None)


def identifier(system: str, name: str) -> Maker:
    """An Identifier, as a list."""
    return lambda row: [{"system": system, "value": row[name]}] if row[name] else None


def extension(url: str, kind: str, make: Maker) -> Maker:
    """An Extension with a value; nothing where there is not a value.

    :param kind: name of the element with the value: `valueReference`.
    """

    def extended(row: Row) -> Any:
        value = _clean(make(row))
        return None if value is None else {"url": url, kind: value}

    return extended
