"""Columns that a load did not report, by endpoint: never sent by its route, or missing this time.

A package is silent about a column that no header of its table holds, an answer about a key that none of its
rows has. What was known of such a column stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import sqlalchemy as sa

from include.sources.endpoint import Endpoint, Route, snake_case
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.package.recipes import RECIPES
from include.warehouse.model.registry import SOURCES
from include.warehouse.schema.ops_tables import LOAD, STAGED, UNREPORTED

if TYPE_CHECKING:  # brings Airflow along, which makes a home of its own: not for who writes the reference
    from include.landing.zone import Landed


def of_answer(endpoint: Endpoint, answers: Iterable[Landed]) -> dict[str, str]:
    """Columns that the rows of an answer of the API do not have, with the reason."""
    parts = list(answers)
    rows = sum(part.rows for part in parts)
    found = dict.fromkeys(endpoint.unknown_columns(Route.API), "the API does not send it")
    for name in endpoint.names:
        missing = sum(part.missing_keys.get(name, 0) for part in parts)
        if rows and missing >= rows:
            found[snake_case(name)] = f"no row of the answer has {name}"
    return found


def of_package(endpoint: Endpoint, lacking: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Columns that a package leaves unknown, with the reason.

    :param lacking: by table of the package, columns that no header of it holds.
    """
    read = RECIPES[endpoint.name].tables
    return _of_package(
        endpoint.name, frozenset((table, item) for table in read for item in lacking.get(table, ()))
    )


@lru_cache(maxsize=1024)  # the packages of a release are all alike
def _of_package(name: str, lacking: frozenset[tuple[str, str]]) -> dict[str, str]:
    endpoint = ENDPOINTS[name]
    found = dict.fromkeys(endpoint.unknown_columns(Route.PACKAGE), "no package has it")
    for item in endpoint.staged_fields:
        lacks = RECIPES[name].lacks(item, lambda *place: place in lacking)
        if lacks:
            headers = (f"{column.upper()} in Tab/{table}.txt" for table, column in lacks)
            found[item.column] = f"no {', '.join(headers)}"
    return found


def record(connection: sa.Connection, load_id: int, found: Mapping[str, dict[str, str]]) -> None:
    """Write down the columns that a load did not report, by endpoint, with the reasons."""
    rows = [
        {"load_id": load_id, "endpoint": endpoint, "column_name": column, "reason": reason}
        for endpoint, columns in found.items()
        for column, reason in sorted(columns.items())
    ]
    if rows:
        connection.execute(sa.insert(UNREPORTED), rows)


def forget(connection: sa.Connection, load_id: int) -> None:
    """Remove what an earlier attempt wrote down."""
    connection.execute(sa.delete(UNREPORTED).where(UNREPORTED.c.load_id == load_id))


def by_endpoint(connection: sa.Connection, load_ids: Iterable[int]) -> dict[str, frozenset[str]]:
    """Endpoints that loads report, and of each the columns that none of the loads reports.

    An endpoint that the gate withheld is not reported.

    Of a load from before the project recorded unreported columns, those that its route never has.
    """
    loads = list(load_ids)
    staged = connection.execute(
        sa.select(STAGED.c.load_id, STAGED.c.endpoint, STAGED.c.pieces, LOAD.c.route, LOAD.c.source)
        .join(LOAD, LOAD.c.load_id == STAGED.c.load_id)
        .where(STAGED.c.load_id.in_(loads), STAGED.c.is_known, STAGED.c.withheld.is_(None))
    ).all()
    written: dict[tuple[int, str], set[str]] = {}
    of_loads = sa.select(UNREPORTED).where(UNREPORTED.c.load_id.in_(loads))
    for row in connection.execute(of_loads):
        written.setdefault((row.load_id, row.endpoint), set()).add(row.column_name)
    found: dict[str, frozenset[str]] = {}
    for load_id, name, pieces, route, source in staged:
        # In a package load, endpoints that were requested besides the package came by the API.
        by_package = route == Route.PACKAGE and not pieces
        never = (
            SOURCES[source].source.endpoints[name].unknown_columns(Route.PACKAGE if by_package else Route.API)
        )
        columns = never | written.get((load_id, name), set())
        found[name] = found[name] & columns if name in found else columns
    return found
