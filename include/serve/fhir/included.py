"""Resources that those of a page refer to, sent with them when a search includes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from include.serve.fhir import reading
from include.serve.fhir.declaration import Include, Resource
from include.serve.fhir.identity import key_of
from include.serve.fhir.outcome import FhirError

#: Included resources of a page at most.
MOST_INCLUDED = 5_000


def rows(
    connection: sa.Connection,
    resources: Mapping[str, Resource],
    page: Sequence[Mapping[str, Any]],
    wanted: Iterable[Include],
) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
    """The rows of the resources that a page refers to, each once; those that the reader sees.

    :param resources: by type.
    :param page: its resources, whole.
    :raises FhirError: 400, there are more than a page may include.
    """
    found: dict[str, dict[tuple[str, ...], None]] = {}
    for reference in _references(page, wanted):
        of, _, name = reference.partition("/")
        key = key_of(name, len(resources[of].key))
        if key is not None:
            found.setdefault(of, {})[key] = None
    count = sum(map(len, found.values()))
    if count > MOST_INCLUDED:
        message = f"the page includes {count} resources, at most {MOST_INCLUDED}: request fewer by _count"
        raise FhirError(400, "too-costly", message)
    for of, keys in found.items():
        yield from ((resources[of], row) for row in reading.several(connection, resources[of], list(keys)))


def _references(page: Sequence[Mapping[str, Any]], wanted: Iterable[Include]) -> Iterator[str]:
    for include in wanted:
        for resource in page:
            for name in include.elements:
                for reference in _within(resource.get(name)):
                    if reference.partition("/")[0] in include.targets:
                        yield reference


def _within(value: Any) -> Iterator[str]:
    """The references in an element, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for inner in value.values():
            yield from _within(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _within(inner)
