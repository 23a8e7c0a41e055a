"""A source together with the tables of the star that are made of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from include.sources.endpoint import Endpoint
from include.sources.source import Source
from include.warehouse.model.declaration import Dimension, Fact


@dataclass(frozen=True)
class SourceModel:
    """A source and what the star has of it.

    :param tables: its tables, in the order in which a scope is published: what is named before what names it.
    """

    source: Source
    tables: tuple[Dimension | Fact, ...]

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
