"""What a search for FHIR resources selects, and in which order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from include.sandbox.fhir.resources import Resource

#: Resources of a page where none are requested, and the most of a page.
DEFAULT_COUNT, MOST_COUNT = 20, 500
_PREFIXES: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda value, limit: value == limit,
    "ne": lambda value, limit: value != limit,
    "gt": lambda value, limit: value > limit,
    "sa": lambda value, limit: value > limit,
    "ge": lambda value, limit: value >= limit,
    "lt": lambda value, limit: value < limit,
    "eb": lambda value, limit: value < limit,
    "le": lambda value, limit: value <= limit,
}
#: Parameters of every search, and those that shape its answer.
_KNOWN = {"_id", "_lastUpdated", "_sort", "_count", "_summary", "_total", "_format", "_pretty", "identifier"}


class SearchError(ValueError):
    """A search that the server does not take."""


def check_names(names: Iterable[str], of: str) -> None:
    """Make sure that every parameter is known.

    :raises SearchError: one is not.
    """
    for name in names:
        if name.partition(":")[0] not in _KNOWN:
            raise SearchError(f'Unknown search parameter "{name}" for resource type "{of}"')


def matching(resources: list[Resource], given: Any) -> list[Resource]:
    """The resources that a search selects.

    :raises SearchError: a value that cannot be read.
    """
    found = resources
    if ids := given.get("_id"):
        found = [resource for resource in found if resource["id"] in ids.split(",")]
    if token := given.get("identifier"):
        system, stroke, value = token.rpartition("|")
        found = [
            resource
            for resource in found
            for item in resource.get("identifier", [])
            if item["value"] == value and (not stroke or item["system"] == system)
        ]
    for text in given.getlist("_lastUpdated"):
        prefix, limit = (text[:2], text[2:]) if text[:2] in _PREFIXES else ("eq", text)
        if not re.match(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T.+)?)?)?$", limit):
            raise SearchError(f'Invalid date/time format: "{text}"')
        limit = limit.replace("Z", "+00:00")
        test = _PREFIXES[prefix]
        found = [item for item in found if test(item["meta"]["lastUpdated"][: len(limit)], limit)]
    return found


def ordered(resources: list[Resource], order: str) -> list[Resource]:
    """The resources in the order that is requested.

    :raises SearchError: an order that is not known.
    """
    name = order.removeprefix("-")
    if name in ("", "_id"):
        return resources[::-1] if order.startswith("-") else resources
    if name != "_lastUpdated":
        raise SearchError(f'Invalid _sort parameter: "{order}"')
    return sorted(resources, key=lambda item: str(item["meta"]["lastUpdated"]), reverse=order.startswith("-"))


def page_size(text: str | None) -> int:
    """Resources of a page.

    :raises SearchError: not a number of resources.
    """
    try:
        number = int(text) if text else DEFAULT_COUNT
    except ValueError:
        raise SearchError(f'Invalid _count parameter: "{text}"') from None
    if number < 1:
        raise SearchError(f'Invalid _count parameter: "{text}"')
    return min(number, MOST_COUNT)
