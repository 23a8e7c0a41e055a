"""How a value is found in a resource: by the names that versions of FHIR have for it, one after the other.

A path names elements with points between: `collection.collectedDateTime`. Where an element is an array, all
of its items are looked at. Nothing is assumed of what a server sends: an element of another form than
expected has no value here, and stands in the resource as received.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from include.sources.endpoint import Kind
from include.sources.reader import Numeral

#: Finds a value in a resource.
Find = Callable[[Mapping[str, Any]], object]


@dataclass(frozen=True)
class MappedElement:
    """A value of a resource that has a column of its own.

    :param name: of the column.
    :param meaning: in words.
    :param find: how it is found.
    """

    name: str
    meaning: str
    find: Find
    kind: Kind = Kind.TEXT


def values(found: object, path: str) -> Iterator[Any]:
    """All values at a path, arrays opened."""
    name, _, rest = path.partition(".")
    for item in found if isinstance(found, list) else [found]:
        if not isinstance(item, dict) or name not in item:
            continue
        inner = item[name]
        if rest:
            yield from values(inner, rest)
        else:
            yield from inner if isinstance(inner, list) else [inner]


def first(*paths: str) -> Find:
    """The first value at the first path that has one; of an object nothing."""

    def find(resource: Mapping[str, Any]) -> object:
        found = (value for path in paths for value in values(resource, path))
        return next((value for value in found if isinstance(value, (str, bool))), None)

    return find


def number(*paths: str) -> Find:
    """The first number, its characters as sent."""

    def find(resource: Mapping[str, Any]) -> object:
        found = (value for path in paths for value in values(resource, path))
        return next((value for value in found if isinstance(value, Numeral)), None)

    return find


def concept(*paths: str) -> Find:
    """What a concept says: its text, else the name of a code, else the code; or a text in its place."""

    def find(resource: Mapping[str, Any]) -> object:
        found = (words_of(value) for path in paths for value in values(resource, path))
        return next((words for words in found if words), None)

    return find


def words_of(value: object) -> str | None:
    """The words of a concept, a coding, a reference with a concept, or of a text."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("concept"), dict):  # R5: a concept or a reference to one
        return words_of(value["concept"])
    codings = value.get("coding")
    items = [item for item in codings if isinstance(item, dict)] if isinstance(codings, list) else []
    found = [value.get("text")]
    found += [item.get(name) for name in ("display", "code") for item in (*items, value)]
    return next((text for text in found if isinstance(text, str) and text), None)


_REFERENCE = re.compile(r"(?:^|/)([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?$")


def reference(*paths: str) -> Find:
    """The first reference, as `Patient/SUB1`, whatever host stands before it; a person's name where only
    that is given."""

    def find(resource: Mapping[str, Any]) -> object:
        found = (reference_of(value) for path in paths for value in values(resource, path))
        return next((text for text in found if text), None)

    return find


def reference_of(value: object) -> str | None:
    """A reference, as `Patient/SUB1`; None for what is none."""
    if isinstance(value, dict) and isinstance(value.get("reference"), dict):  # R5: CodeableReference
        return reference_of(value["reference"])
    text = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(text, str):
        return None
    found = _REFERENCE.search(text)
    return found[1] if found else text


def references(*paths: str) -> Find:
    """All references of all paths, each once, as a JSON array; None for none."""

    def find(resource: Mapping[str, Any]) -> object:
        found = (reference_of(value) for path in paths for value in values(resource, path))
        return list(dict.fromkeys(filter(None, found))) or None

    return find


def accession(pattern: str) -> Find:
    """ImmPort's accession: an identifier of its form in any system, else the resource's own id."""
    form = re.compile(pattern)

    def find(resource: Mapping[str, Any]) -> object:
        candidates = [*values(resource, "identifier.value"), resource.get("id")]
        return next((text for text in candidates if isinstance(text, str) and form.fullmatch(text)), None)

    return find


def extension(*addresses: str) -> Find:
    """What an extension says: its value, or that of its part `text`, or the name of a code of its parts."""

    def find(resource: Mapping[str, Any]) -> object:
        for item in values(resource, "extension"):
            if isinstance(item, dict) and item.get("url") in addresses:
                return _extended(item)
        return None

    return find


def _extended(item: Mapping[str, Any]) -> str | None:
    parts = [part for part in values(item, "extension") if isinstance(part, dict)]
    ordered = [item, *sorted(parts, key=lambda part: part.get("url") != "text")]
    for part in ordered:
        for name, value in part.items():
            if name.startswith("value"):
                found = reference_of(value) or words_of(value)
                if found:
                    return found
    return None


def associated(*roles: str) -> Find:
    """R5: the party of a study in a role; who it is, by reference, else by name."""

    def find(resource: Mapping[str, Any]) -> object:
        for party in values(resource, "associatedParty"):
            codes = {*values(party, "role.coding.code"), *values(party, "role.text")}
            if isinstance(party, dict) and codes & set(roles):
                return reference_of(party.get("party")) or words_of(party.get("name"))
        return None

    return find


def either(*finds: Find) -> Find:
    """What the first of several ways finds."""
    return lambda resource: next((found for find in finds if (found := find(resource)) is not None), None)


def each(make: Callable[[Mapping[str, Any]], Mapping[str, object]], *paths: str) -> Find:
    """The objects of all paths, each made into a smaller one, as a JSON array; None for none."""

    def find(resource: Mapping[str, Any]) -> object:
        found = [
            {name: value for name, value in make(item).items() if value is not None}
            for path in paths
            for item in values(resource, path)
            if isinstance(item, dict)
        ]
        return found or None

    return find
