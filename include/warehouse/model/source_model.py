"""A source together with the tables of the star that are made of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from include.sources.endpoint import Endpoint
from include.sources.source import Source
from include.sql import Expression
from include.warehouse.model.declaration import Dimension, Fact


@dataclass(frozen=True)
class Unfolded:
    """An endpoint whose rows are made in staging, of the staged rows of another: of each array its elements.

    :param endpoint: name of the endpoint; it has no path, nothing is requested of it.
    :param of: name of the other endpoint.
    :param rows: query for its rows, whose columns have the names of the endpoint's; its one gap, named as the
        other endpoint, stands for that one's rows.
    """

    endpoint: str
    of: str
    rows: Expression


@dataclass(frozen=True)
class SourceModel:
    """A source and what the star has of it.

    :param tables: its tables, in the order in which a scope is published: what is named before what names it.
    :param terms: dimensions without an endpoint that come with it; tables of any source may name them.
    :param unfolded: endpoints that are made of others in staging.
    """

    source: Source
    tables: tuple[Dimension | Fact, ...]
    terms: tuple[Dimension, ...] = ()
    unfolded: tuple[Unfolded, ...] = ()

    def __hash__(self) -> int:
        return hash(self.source)

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(item for item in self.tables if isinstance(item, Fact))

    @cached_property
    def dimensions(self) -> tuple[Dimension, ...]:
        """Its dimensions, all of them versioned."""
        return tuple(item for item in self.tables if isinstance(item, Dimension))

    @cached_property
    def of_scopes(self) -> Dimension:
        """The dimension whose members are the scopes: of ImmPort, the studies."""
        return next(item for item in self.dimensions if item.is_of_scopes)

    def endpoint(self, table: Dimension | Fact) -> Endpoint:
        """The endpoint whose rows a table is made of."""
        return self.source.endpoints[table.endpoint or ""]

    def made_of(self, endpoint: Endpoint) -> tuple[Dimension | Fact, ...]:
        """The tables that are made of an endpoint's rows."""
        return tuple(item for item in self.tables if item.endpoint == endpoint.name)
