"""ImmPort's FHIR server as a source: the resources of each type are a scope, as of the run that read them.

What of the server is not verified (its credentials, identifiers, search parameters beyond those that every
server has) is not relied on: each type is read by the one search that needs no parameter of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from include.sources.client import ScopeClient
from include.sources.errors import BadAnswerError, ImmPortError, RequestError, ServerError
from include.sources.fetched.fetched_source import FetchedSource, SourceBuild
from include.sources.fetched.offering import Offered, Offering, Validators
from include.sources.fhir.bundle import Capabilities, read_capabilities, read_resources
from include.sources.fhir.endpoints import (
    CAPABILITIES,
    ENDPOINTS,
    RESOURCES,
    SCOPE,
    SEARCH,
    TYPE,
    note,
    read_count,
)
from include.sources.fhir.vocabulary import TYPES
from include.sources.foreign import summary
from include.sources.release import FetchLine
from include.sources.row_reader import Intake


@dataclass(frozen=True)
class TypeState:
    """The resources of a type at one moment.

    :param total: their number; None where the server does not say it.
    :param newest: when the last of them was changed, as sent; None where that is not known for sure.
    """

    total: int | None
    newest: str | None

    @property
    def build(self) -> str | None:
        """What every change of a resource would change; None where a change may not be seen."""
        if self.total is None or (self.newest is None and self.total):
            return None
        return f"{self.total} resources" + (f", newest {self.newest}" if self.newest else "")


def read_state(client: ScopeClient, of: str) -> TypeState:
    """How many resources of a type there are, and when the last was changed.

    That the one first in the order of changes is the newest is proven: none was changed later. A server that
    does not sort, or does not filter, fails the proof.

    :raises ImmPortError: the number cannot be found out.
    """
    total = _count(client, of)
    if not total:
        return TypeState(total, None)
    try:
        newest = _newest(client, of)
        if newest is not None and _count(client, of, _lastUpdated=f"gt{newest}") != 0:
            newest = None
    except RequestError:  # a parameter that it does not know
        newest = None
    return TypeState(total, newest)


def _count(client: ScopeClient, of: str, **parameters: str) -> int | None:
    page = {"_summary": "count", **parameters}
    return client.request(SEARCH, of, read_count, page=page).content


def _newest(client: ScopeClient, of: str) -> str | None:
    def receive(chunks: Iterator[bytes]) -> str | None:
        resource = next(read_resources(chunks, of, Intake()), {})
        meta = resource.get("meta")
        found = meta.get("lastUpdated") if isinstance(meta, dict) else None
        return found if isinstance(found, str) and found else None

    return client.request(SEARCH, of, receive, page={"_sort": "-_lastUpdated", "_count": "1"}).content


def _capabilities(client: ScopeClient) -> Capabilities | None:
    """What the server says of itself; None where it says nothing."""
    try:
        return client.request(CAPABILITIES, "", read_capabilities).content
    except (RequestError, BadAnswerError):  # refused, or answered by something else
        return None


def discover(client: ScopeClient) -> Offering:
    """The types that the server has.

    :raises ImmPortError: it cannot be found out.
    """
    about = _capabilities(client)
    notes = [note(str(about)) if about else "the server has no capability statement"]
    scopes, doubts = [], {}
    failed: ImmPortError | None = None
    for of in TYPES:
        if about is not None and about.types is not None and of not in about.types:
            notes.append(f"it does not have {of}")
            continue
        try:
            found = read_state(client, of)
        except RequestError as error:
            notes.append(f"it refuses a search for {of}")
            doubts[of] = str(error)
            continue
        except (ServerError, BadAnswerError) as error:
            # It answers other searches: what is wrong is of this type.
            notes.append(f"a search for {of} fails: {note(error.what)}")
            doubts[of], failed = str(error), error
            continue
        said = Validators(found.build)
        stated = {TYPE.name: said, RESOURCES[of].name: said} if found.build else {}
        if found.build is None:
            notes.append(f"whether a {of} changed is not known before all are read")
        scopes.append(Offered(of, stated, found.total or 0))
    if failed is not None and not scopes:
        raise failed
    return Offering(tuple(scopes), note=summary(notes), doubts=doubts)


def state(client: ScopeClient, release: str, scope: str) -> SourceBuild | None:
    """What the server has of a type while it is read; None where a change would not be seen.

    :raises ImmPortError: it cannot be found out.
    """
    build = read_state(client, scope).build
    return SourceBuild(release, build) if build else None


FHIR = FetchedSource(
    name="fhir",
    title="FHIR resources",
    scope=SCOPE,
    line=FetchLine(),
    endpoints={item.name: item for item in ENDPOINTS},
    discovery=discover,
    client="fhir",
    about="Loads the resources of ImmPort's FHIR server, type by type: those of a type that changed since the"
    " last run.",
    state=state,
    schedule="0 5 * * 0",
)
