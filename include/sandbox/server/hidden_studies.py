"""A world some of whose studies the sandbox does not serve: they are restricted, or hidden."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from include.sandbox.row import Row
from include.sandbox.stored_files import StoredFile
from include.sandbox.world import Test, World
from include.sources.endpoint import Endpoint
from include.sources.release import Release


class HiddenStudies:
    """Another world without its restricted and hidden studies.

    `kept_restricted` are listed as restricted, and no user may read them; `hidden` are not listed at all;
    `reissued` states at which release a study's package was issued again.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.kept_restricted: tuple[str, ...] = ()
        self.hidden: tuple[str, ...] = ()
        self.reissued: dict[str, Release] = {}

    @property
    def name(self) -> str:
        """That of the world."""
        return self.world.name

    @property
    def releases(self) -> Mapping[Release, date]:
        """Those of the world."""
        return self.world.releases

    def studies(self, release: Release) -> Sequence[str]:
        """Accessions of the studies that are neither restricted nor hidden."""
        back = {*self.kept_restricted, *self.hidden}
        return [study for study in self.world.studies(release) if study not in back]

    def rows(self, endpoint: str, study: str, release: Release, tests: Sequence[Test] = ()) -> Iterator[Row]:
        """Rows of a shared study."""
        return self.world.rows(endpoint, study, release, tests)

    def document(self, study: str, release: Release) -> Row:
        """The study as the search index holds it."""
        return self.world.document(study, release)

    def vocabulary(self, endpoint: Endpoint, release: Release) -> Iterator[Row]:
        """The terms of a vocabulary."""
        return self.world.vocabulary(endpoint, release)

    def restricted(self, release: Release) -> Sequence[str]:
        """Restricted studies of the world and of `kept_restricted`, without the hidden ones, by number."""
        all_of_them = {*self.world.restricted(release), *self.kept_restricted} - {*self.hidden}
        return sorted(all_of_them, key=lambda study: (len(study), study))

    def files(self, study: str, release: Release) -> Sequence[StoredFile]:
        """The files of a shared study."""
        return self.world.files(study, release)

    def reissue(self, study: str, release: Release | None) -> None:
        """Issue a study's package again, or take that back.

        :raises ValueError: the world cannot, with the reason.
        """
        self.world.reissue(study, release)
        if release is None:
            self.reissued.pop(study, None)
        else:
            self.reissued[study] = release
