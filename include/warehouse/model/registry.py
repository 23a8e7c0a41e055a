"""The model of the star: every source with its tables, in the order in which a scope is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from include.sources.immport.source import IMMPORT
from include.warehouse.model.declaration import Dimension, Fact, Measure
from include.warehouse.model.source_model import SourceModel
from include.warehouse.model.sources import MODELS

#: Every source, by name.
SOURCES: dict[str, SourceModel] = {item.source.name: item for item in MODELS}
IMMPORT_MODEL = SOURCES[IMMPORT.name]

#: Dimensions without an endpoint, which tables of any source may name.
TERM_DIMENSIONS: tuple[Dimension, ...] = tuple(item for model in SOURCES.values() for item in model.terms)
VERSIONED_DIMENSIONS: tuple[Dimension, ...] = tuple(
    item for model in SOURCES.values() for item in model.dimensions
)
#: Parents before children: members are made in this order, and so are locks taken.
DIMENSIONS: tuple[Dimension, ...] = (*TERM_DIMENSIONS, *VERSIONED_DIMENSIONS)
DIMENSION: dict[str, Dimension] = {item.name: item for item in DIMENSIONS}
FACTS: tuple[Fact, ...] = tuple(item for model in SOURCES.values() for item in model.facts)

#: Tables whose rows are versioned by release.
VERSIONED: tuple[Dimension | Fact, ...] = tuple(item for model in SOURCES.values() for item in model.tables)
_MODELS = {model.source.scope.name: model for model in SOURCES.values()}


def model_of(table: Dimension | Fact) -> SourceModel:
    """The source that a versioned table is made of."""
    return _MODELS[table.scope.name]


def check_keys(model: SourceModel) -> None:
    """Two rows of an endpoint with different keys must not become one row of a table by accident.

    :raises TypeError: the identity of a table is made of something else than its endpoint's key.
    """
    # All rows of a load are of one scope.
    of_scope = {item.name for item in model.of_scopes.natural_key}
    for table in model.tables:
        key = {*model.endpoint(table).key_columns, *of_scope}
        if foreign := set(table.key_reads) - key:
            raise TypeError(
                f"{table.relation}: identified by {', '.join(sorted(foreign))}, not by the key of"
                f" {table.endpoint} ({', '.join(sorted(key))})"
            )


def check_reads(table: Dimension | Fact, model: SourceModel) -> None:
    """Make sure that what makes a table's rows reads declared aliases and columns.

    :raises ValueError: an alias or a column of an endpoint is not declared.
    """
    endpoints = model.source.endpoints
    for name, column in (pair for source in table.sources for pair in table.reads(source)):
        if name not in endpoints or column not in endpoints[name].columns:
            raise ValueError(f"{table.relation} reads {column} of {name}: no such column is declared")
    for join in table.joins:
        if strange := set(join.sql.gaps) - endpoints.keys():
            raise ValueError(f"{table.relation} joins {', '.join(sorted(strange))}: no such endpoint")


def check_unfolded(model: SourceModel) -> None:
    """Make sure that what is made in staging is made of an endpoint that is staged before.

    :raises ValueError: it names no endpoint, one that is requested, or one that is made in staging itself.
    """
    endpoints, made = model.source.endpoints, {item.endpoint for item in model.unfolded}
    for item in model.unfolded:
        if item.endpoint not in endpoints or endpoints[item.endpoint].is_served:
            raise ValueError(f"{item.endpoint}: not an endpoint without a path, so it is not made in staging")
        if item.of not in endpoints or item.of in made or item.rows.gaps != (item.of,):
            raise ValueError(f"{item.endpoint}: not made of the rows of {item.of} alone")


def check_measure(fact: Fact) -> None:
    """Make sure that the view over all assays reads columns that the view of a fact has.

    :raises ValueError: it has no such column.
    """
    if fact.measure is None:
        return
    shown = {item.name for item in fact.columns if not item.is_masked}
    shown |= {item.name for item in fact.derived} | {item.column for item in fact.references}
    for name in (item.name for item in fields(Measure)[1:]):
        for column in fact.measure.reading(name).columns:
            if column.alias != "f" or column.name not in shown:
                raise ValueError(f"{fact.relation}: {name} reads {column.alias}.{column.name}, not a column")


def _check_names(models: Sequence[SourceModel]) -> None:
    """Make sure that every name stands once, and for something.

    :raises ValueError: a name is there twice, or names nothing.
    """
    named: dict[str, list[str]] = {
        "source": [model.source.name for model in models],
        "scope": [model.source.scope.name for model in models],
        "table": [table.relation for model in models for table in model.tables],
        "endpoint": [name for model in models for name in model.source.endpoints],
    }
    named["table"] += [item.relation for model in models for item in model.terms]
    for kind, names in named.items():
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"several sources declare a {kind} named {', '.join(twice)}")
    dimensions = {item.name for model in models for item in model.dimensions}
    dimensions |= {item.name for model in models for item in model.terms}
    for model in models:
        name, scope = model.source.name, model.source.scope.name
        if not any(item.name == scope for item in model.dimensions):
            raise ValueError(f"{name}: no dimension is named as its scope, {scope}")
        for table in model.tables:
            if table.endpoint not in model.source.endpoints:
                raise ValueError(f"{table.relation}: {name} has no endpoint {table.endpoint}")
            if unknown := sorted({item.dimension for item in table.references} - dimensions):
                raise ValueError(f"{table.relation} refers to {', '.join(unknown)}: no such dimension")


def check(models: Sequence[SourceModel]) -> None:
    """Make sure that what sources declare fits together.

    :raises TypeError: an identity is not made of a key.
    :raises ValueError: a name is there twice or names nothing, an expression reads what is not declared, or a
        table is of another source's scope.
    """
    _check_names(models)
    for model in models:
        check_keys(model)
        check_unfolded(model)
        for table in model.tables:
            if table.scope is not model.source.scope:
                raise ValueError(f"{table.relation}: not of the scope of {model.source.name}")
            check_reads(table, model)
        for fact in model.facts:
            check_measure(fact)


check(MODELS)
