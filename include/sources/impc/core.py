"""What the core holds at one moment, and which release of IMPC is the newest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from include.sources.client import ScopeClient
from include.sources.errors import MissingFileError, RequestError
from include.sources.impc.endpoints import CENTRE_FIELD, CENTRES, NEWEST, RELEASE
from include.sources.impc.release import ImpcRelease, ReleaseMetadata, read_metadata
from include.sources.impc.solr import read_documents, read_envelope, read_facet
from include.sources.reader import NotDataError, cell
from include.sources.row_reader import TOTAL, Intake

#: The oldest major release that is looked for, how many without a release end the search, and the points of
#: each.
FIRST, GAP, POINTS = 20, 3, 3


@dataclass(frozen=True)
class CoreState:
    """What the core holds at one moment.

    :param total: number of all documents.
    :param centres: number of documents by centre, those without one under None.
    :param newest: `_version_` of the document that was indexed last; None where the core cannot say it.
    """

    total: int
    centres: Mapping[str | None, int]
    newest: str | None

    @property
    def is_whole(self) -> bool:
        """Whether the centres have all documents between them."""
        return sum(self.centres.values()) == self.total

    @property
    def build(self) -> str:
        """A digest of it, which another build of the core would not have."""
        found = [self.total, sorted((name or "", count) for name, count in self.centres.items()), self.newest]
        return hashlib.sha256(json.dumps(found).encode()).hexdigest()[:32]


def read_core(client: ScopeClient) -> CoreState:
    """What the core holds now.

    :raises ImmPortError: it cannot be found out.
    """

    def receive(chunks: Iterator[bytes]) -> tuple[int, dict[str | None, int]]:
        intake = Intake()
        envelope = read_envelope(chunks, intake)
        if TOTAL not in intake.about:
            raise NotDataError("an answer without the number of documents")
        return int(intake.about[TOTAL]), read_facet(envelope, CENTRE_FIELD)

    total, centres = client.request(CENTRES, "", receive).content
    try:
        newest = client.request(NEWEST, "", _newest).content
    except RequestError:  # a core that cannot sort by it
        newest = None
    return CoreState(total, centres, newest)


def _newest(chunks: Iterator[bytes]) -> str | None:
    row = next(read_documents(chunks, Intake()), {})
    return cell(row.get("_version_"))


def find_release(client: ScopeClient, after: ImpcRelease | None = None) -> ReleaseMetadata | None:
    """The newest release of which there are metadata.

    :param after: only releases after this one, of its major and the next two: a quick look.
    :raises ImmPortError: it cannot be found out.
    """
    found: ReleaseMetadata | None = None
    major = after.major if after else FIRST
    last = major + 2 if after else major + GAP + 4
    while major <= last:
        for minor in range(POINTS):
            release = ImpcRelease(major, minor)
            if after is not None and release.key <= after.key:
                continue
            if (seen := _metadata(client, release)) is not None:
                found = seen
                last = max(last, major + GAP)
        major += 1
    return found


def _metadata(client: ScopeClient, release: ImpcRelease) -> ReleaseMetadata | None:
    try:
        return client.request(RELEASE, release.number, read_metadata).content
    except MissingFileError:
        return None
