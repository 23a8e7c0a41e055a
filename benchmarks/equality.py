"""Whether the star holds just the rows that the source generated: EXCEPT both ways, table by table.

The generated rows stand in the schema `generated`, read from the answers without any code of the product.
What a column of the star is made of is taken from the model's declarations.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from benchmarks.generated import Answer, copy, create
from include.sources.endpoint import Endpoint, Route, snake_case
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.release import OPEN
from include.warehouse.model.declaration import Column, Fact, staged_columns
from include.warehouse.model.registry import DIMENSION, IMMPORT_MODEL
from include.warehouse.model.relations import Reference
from include.warehouse.schema.statements import run_sql

SCHEMA = "generated"


class UnequalError(RuntimeError):
    """What was loaded is not what was generated."""


def require_equal(engine: sa.Engine, answers: Iterable[Answer], *, packaged: bool = False) -> int:
    """Compare every fact with what was generated. Returns the rows compared.

    :param packaged: the study came as a package, and the answers are of the API: tables and columns that only
        one of the two routes knows are left out.
    :raises UnequalError: rows are missing, or too many, or differ; names the tables and the first rows.
    """
    found = {answer.endpoint.name: answer for answer in answers}
    wrong, rows = [], 0
    with engine.begin() as connection:
        for answer in found.values():
            copy(connection, create(connection, SCHEMA, answer, typed=False), answer)
        for endpoint in ENDPOINTS.values():
            if endpoint.name not in found:
                create(connection, SCHEMA, Answer.none(endpoint), typed=False)
        for fact in IMMPORT_MODEL.facts:
            if packaged and not _is_of_both_routes(fact):
                continue
            expected, loaded = _queries(fact, packaged=packaged)
            rows += int(run_sql(connection, f"select count(*) from ({loaded}) x").scalar_one())
            for what, one, other in (("missing", expected, loaded), ("too many", loaded, expected)):
                differing = f"select * from ({one} except {other}) x limit 2"
                if lines := run_sql(connection, differing).all():
                    wrong.append(f"{fact.relation}, {what}: {lines}")
        connection.exec_driver_sql(f"drop schema {SCHEMA} cascade")
    if wrong:
        raise UnequalError("; ".join(wrong))
    return rows


def _queries(fact: Fact, *, packaged: bool) -> tuple[str, str]:
    """The rows of a fact as generated and as loaded: identity, columns, natural keys of what it refers to."""
    endpoint = ENDPOINTS[fact.endpoint or ""]
    odd = {snake_case(name) for name in endpoint.several} | (_of_one_route(endpoint) if packaged else set())
    expected, loaded = [fact.row_id.value.text], [f"h.{fact.identity}"]
    for column in fact.columns:
        if not _reads(column) & odd:
            expected.append(column.value.text)
            loaded.append(f"h.{column.name}")
    joins = []
    for number, reference in enumerate(fact.references):
        if any(set(staged_columns(item)) & odd for item in reference.key):
            continue
        dimension = DIMENSION[reference.dimension]
        joins.append(
            f"left join history.{dimension.key_table} r{number}"
            f" on r{number}.{dimension.key_column} = h.{reference.column} and h.{reference.column} > 0"
        )
        for place, natural in enumerate(dimension.natural_key):
            loaded.append(f"r{number}.{natural.name}::text")
            expected.append(_part(reference, place, every=dimension.is_versioned))
    tables = {name: f"{SCHEMA}.{item.table}" for name, item in ENDPOINTS.items()}
    others = " ".join(item.sql.fill(tables) for item in fact.joins)
    own = f" where {fact.row_id.raw.text} is not null" if fact.is_partial else ""
    keys = " ".join(joins)
    return (
        f"select {', '.join(expected)} from {tables[endpoint.name]} s {others}{own}",
        f"select {', '.join(loaded)} from history.{fact.relation} h {keys} where h.valid_to = {OPEN}",
    )


def _of_one_route(endpoint: Endpoint) -> set[str]:
    return {column for route in Route for column in endpoint.unknown_columns(route)}


def _is_of_both_routes(fact: Fact) -> bool:
    endpoint = ENDPOINTS[fact.endpoint or ""]
    by_both = all(endpoint.is_provided_by(route) for route in Route)
    return by_both and not _of_one_route(endpoint).intersection(staged_columns(fact.row_id.raw))


def _reads(column: Column) -> set[str]:
    return set(staged_columns(column.raw))


def _part(reference: Reference, place: int, *, every: bool) -> str:
    """One part of a natural key; null where the key as a whole names no member."""
    parts = [item.text for item in reference.key]
    absent = " or ".join(f"{part} is null" for part in parts)
    value = f"case when not ({absent}) then {parts[place]} end" if every else parts[place]
    return f"({value})::text"
