"""IMPC's images as a source: the documents of each phenotyping centre are a scope, at a release of IMPC.

Facts about the service that are not verified are listed in the quirks of its endpoints: where the code takes
several readings, it notes which one it met.
"""

from __future__ import annotations

from include.sources.client import ScopeClient
from include.sources.errors import MissingFileError
from include.sources.fetched.fetched_source import FetchedSource, SourceBuild
from include.sources.fetched.offering import Offered, Offering, Validators
from include.sources.foreign import quoted, summary
from include.sources.impc.core import FIRST, find_release, read_core
from include.sources.impc.endpoints import CENTRE, ENDPOINTS, IMAGE, SCOPE, scope_of
from include.sources.impc.release import ImpcLine, ImpcRelease


def discover(client: ScopeClient) -> Offering:
    """The centres of the core, at the newest release.

    :raises ImmPortError: the core, or the metadata of its release.
    """
    metadata = find_release(client)
    if metadata is None:
        raise MissingFileError(f"no metadata of a release from DR{FIRST}.0 on", 404)
    core = read_core(client)
    notes = []
    if metadata.images is not None and metadata.images != core.total:
        notes.append(f"{metadata.release} counts {metadata.images} image records, the core has {core.total}")
    if core.newest is None:
        notes.append(
            "the core does not say which document is the newest: another build of as many is not seen"
        )
    incomplete = None
    if not core.is_whole:
        incomplete = f"its centres have {sum(core.centres.values())} of {core.total} documents"
    said = Validators(core.build)
    scopes = []
    for centre, count in core.centres.items():
        name = scope_of(centre)
        if not SCOPE.is_identifier(name):
            notes.append(f"{count} documents of {quoted(centre)}, which cannot be the name of a centre")
            incomplete = incomplete or "a centre has a name that none can have"
        else:
            scopes.append(Offered(name, {CENTRE.name: said, IMAGE.name: said}, count))
    return Offering(tuple(scopes), str(metadata.release), incomplete, summary(notes))


def state(client: ScopeClient, release: str, scope: str) -> SourceBuild:
    """What the core holds while a release is read, and whether a later one is out.

    :raises ImmPortError: it cannot be found out.
    """
    later = find_release(client, ImpcRelease.parse(release))
    return SourceBuild(str(later.release) if later else release, read_core(client).build)


IMPC = FetchedSource(
    name="impc",
    title="IMPC images",
    scope=SCOPE,
    line=ImpcLine(),
    endpoints={item.name: item for item in ENDPOINTS},
    discovery=discover,
    client="impc",
    about="Loads the image documents of the mouse phenotyping consortium IMPC, centre by centre, at the"
    " newest of IMPC's own releases. No key is needed.",
    state=state,
    schedule="0 4 * * 0",
)
