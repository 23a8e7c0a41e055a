"""Reading the star for a request: as of one release, with what the reader's role may see."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from include.serve.fhir.cursor import decoded
from include.serve.fhir.declaration import Resource
from include.serve.fhir.search import Search
from include.sql import sql_file

_QUERIES = "include.serve.fhir.queries"
_PART = re.compile(r"\bpart\.(\w+)")


def releases(connection: sa.Connection) -> list[str]:
    """Names of the releases that the warehouse knows, the newest first."""
    return list(connection.scalars(sa.text(sql_file(_QUERIES, "releases"))))


def use_release(connection: sa.Connection, release: str) -> None:
    """Read as of a release from now on, in this transaction."""
    connection.execute(sa.text(sql_file(_QUERIES, "use_release")), {"release": release})


def page(connection: sa.Connection, search: Search) -> Sequence[Mapping[str, Any]]:
    """The rows of a page, and one more where there is another page."""
    if search.is_empty:
        return []
    return _rows(connection, search.resource, _values(search) | {"size": search.size + 1})


def total(connection: sa.Connection, search: Search) -> int:
    """How many rows a search finds on all pages."""
    if search.is_empty:
        return 0
    values = _values(search) | {"size": None} | _after(search.resource, None)
    found = (
        sa.text(_text(search.resource.counted or search.resource.query))
        .columns(sa.column("cursor_1"))
        .subquery("found")
    )
    return int(connection.scalar(sa.select(sa.func.count()).select_from(found), values) or 0)


def one(connection: sa.Connection, resource: Resource, key: tuple[str, ...]) -> Mapping[str, Any] | None:
    """The row with an identity; null where the reader sees none."""
    found = several(connection, resource, [key])
    return found[0] if found else None


def several(
    connection: sa.Connection, resource: Resource, keys: Sequence[tuple[str, ...]]
) -> Sequence[Mapping[str, Any]]:
    """The rows with identities, of them those that the reader sees."""
    nothing: dict[str, Any] = {item.sql: None for item in resource.searches if item.sql}
    values = {**nothing, **_after(resource, None), **_keys(resource, keys), "size": len(keys)}
    return _rows(connection, resource, {**values, "updated_from": None, "updated_before": None})


def _values(search: Search) -> dict[str, Any]:
    """The parameters of the query, but for the size."""
    return {
        **{item.sql: search.values.get(item.sql) for item in search.resource.searches if item.sql},
        **_keys(search.resource, search.keys),
        **_after(search.resource, search.after),
        "updated_from": search.updated.start,
        "updated_before": search.updated.end,
    }


def _keys(resource: Resource, keys: Sequence[tuple[str, ...]] | None) -> dict[str, Any]:
    return {
        f"id_{n}": None if keys is None else [key[n - 1] for key in keys]
        for n in range(1, len(resource.key) + 1)
    }


def _after(resource: Resource, after: str | None) -> dict[str, Any]:
    place: Sequence[object] = (
        [None] * len(resource.cursor) if after is None else decoded(after, resource.cursor)
    )
    return {f"after_{n}": value for n, value in enumerate(place, start=1)}


def _rows(
    connection: sa.Connection, resource: Resource, values: Mapping[str, Any]
) -> Sequence[Mapping[str, Any]]:
    found = connection.execute(sa.text(_query(resource)), dict(values)).mappings()
    return [dict(row) for row in found]


def _query(resource: Resource) -> str:
    return _text(resource.query)


def _text(name: str) -> str:
    """A query by the name of its file; it may select from another one as if that were a table of `part`."""
    return _PART.sub(lambda found: f"(\n{_text(found[1])}\n)", sql_file(_QUERIES, name))
