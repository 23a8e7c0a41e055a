"""A source that is requested endpoint by endpoint for each scope: its declaration makes its runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from include.sources.client import ScopeClient
from include.sources.endpoint import Endpoint
from include.sources.fetched.offering import Offered, Offering
from include.sources.source import Source


@dataclass(frozen=True)
class SourceBuild:
    """What a source holds at one moment.

    :param release: name of the release.
    :param build: what identifies the data themselves, which a source may build anew within a release.
    """

    release: str
    build: str


#: Finds out which scopes a source offers now. It raises what the client raises.
Discovery = Callable[[ScopeClient], Offering]


@dataclass(frozen=True, eq=False, kw_only=True)
class FetchedSource(Source):
    """A source whose runs follow from its declaration: which scopes it offers, then every endpoint of each.

    :param discovery: finds out which scopes it offers.
    :param client: kind of the client that speaks to it, as the provider names them.
    :param about: what one run of its DAG does, in words.
    :param state: finds out what it holds now that a release of a scope is to be read, where that can change
        meanwhile: a scope is landed whole from one build, or anew; nothing where a change would not be seen.
        None for a source that has no builds.
    :param schedule: when its DAG runs, as cron, UTC; None for one that is only triggered.
    """

    discovery: Discovery
    client: str
    about: str
    state: Callable[[ScopeClient, str, str], SourceBuild | None] | None = None
    schedule: str | None = None

    def served_of(self, scope: str) -> list[Endpoint]:
        """The endpoints that are requested of a scope: not every source serves all of every scope."""
        return [item for item in self.served.values() if item.forms_of(scope)]


def fixed(scopes: Iterable[str]) -> Discovery:
    """The discovery of a source that lists no scopes: those of the declaration, all of them at any time."""
    offering = Offering(tuple(Offered(name) for name in scopes))
    return lambda _: offering
