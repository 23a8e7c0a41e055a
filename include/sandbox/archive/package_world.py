"""The package world: real ImmPort Tab packages of a folder, served as ImmPort's API would."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from include.sandbox.archive.clinical_rows import Records
from include.sandbox.archive.joined_rows import columns, pick
from include.sandbox.archive.study_files import files_at_release
from include.sandbox.archive.study_row import study_row
from include.sandbox.archive.tab_reader import Package, packages
from include.sandbox.archive.typed_rows import typed
from include.sandbox.row import Row
from include.sandbox.stored_files import LISTINGS, StoredFile, file_rows
from include.sandbox.vocabulary import terms, with_stub
from include.sandbox.world import Test, kept, study_document
from include.sources.endpoint import Endpoint
from include.sources.immport.endpoints import RESULT_ENDPOINTS, SHARED_DATA
from include.sources.release import Release

_HAS = {"has_lab_test": "labtest", "has_assessment": "assessment"}


def stand_in_date(release: Release) -> date:
    """A date for a release that no package dates: quarterly from 2011-09-30, which meets DR18 to DR33
    within weeks; point releases follow by weeks."""
    return date(2011, 9, 30) + timedelta(days=91 * release.major + 7 * release.minor)


class PackageWorld:
    """Studies and releases as the file names in a folder say.

    At a release, a study is what its newest package up to then holds.

    :param stated: a study says the release that its `study.txt` states, though its package was issued with
        a later one (SDY139 of DR25 says DR4), as ImmPort does; without, that of its package.
    A package that cannot be served is refused by name, and the others are served: `notes` says which and why,
    and which lines are passed on though they are not rows of text.

    :raises ValueError: the folder is missing or holds no package that can be served.
    """

    def __init__(self, folder: Path, stated: bool = False) -> None:
        self._stated = stated
        self.notes: list[str] = []
        self._packages: dict[str, dict[Release, Package]] = {}
        found = self._readable(packages(folder))
        digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()
        self._name = f"archives_{digest[:8]}"
        for package in sorted(found, key=lambda item: (int(item.study[3:]), item.release)):
            self._packages.setdefault(package.study, {})[package.release] = package
        dates = {package.release: day for package in found if (day := _dated(package))}
        releases = sorted({package.release for package in found})
        self._releases = {release: dates.get(release, stand_in_date(release)) for release in releases}
        self._joins = lru_cache(maxsize=2)(Records)  # holds the tables read: a client asks study by study
        self._frame = lru_cache(maxsize=32)(self._joined)
        self._known = lru_cache(maxsize=4096)(self._document)
        self._stored = lru_cache(maxsize=16)(self._files)
        self._prove(found, folder)

    def _readable(self, found: Sequence[Package]) -> list[Package]:
        """Packages that can be read; of the others a note is made."""
        good = []
        for package in found:
            try:
                odd = package.proven()
            except ValueError as error:
                self._refuse(package, error)
            else:
                self.notes += [f"{package.path.name}: {text}" for text in odd]
                good.append(package)
        return good

    def _prove(self, found: Sequence[Package], folder: Path) -> None:
        """Refuse packages whose rows no answer can be made of: one would fail the search for all of them.

        :raises ValueError: none is left.
        """
        for package in found:
            try:
                self.document(package.study, package.release)
                self._files(package.study, package.release)
            except (ValueError, LookupError, TypeError, ArithmeticError) as error:
                self._refuse(package, error)
                versions = self._packages[package.study]
                del versions[package.release]
                if not versions:
                    del self._packages[package.study]
        there = {release for versions in self._packages.values() for release in versions}
        self._releases = {release: day for release, day in self._releases.items() if release in there}
        if not there:
            raise ValueError(f"no package in {folder} can be served: {'; '.join(self.notes)}")

    def _refuse(self, package: Package, error: Exception) -> None:
        why = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
        self.notes.append(f"{package.path.name} is not served: {why}")

    @property
    def name(self) -> str:
        """`archives_` and a part that identifies this folder."""
        return self._name

    @property
    def releases(self) -> Mapping[Release, date]:
        """Every release that some package has, oldest first."""
        return self._releases

    def studies(self, release: Release) -> Sequence[str]:
        """Studies with a package of this release or an older one."""
        return [study for study, versions in self._packages.items() if min(versions) <= release]

    def rows(self, endpoint: str, study: str, release: Release, tests: Sequence[Test] = ()) -> Iterator[Row]:
        """Rows of one study at one endpoint, from its newest package up to the release."""
        if endpoint in LISTINGS:
            return file_rows(self.files(study, release), endpoint)
        package = self._package(study, release)
        if endpoint in ("study", "summary"):
            return iter([self._study(package)])
        return kept(typed(self._frame(package, endpoint), SHARED_DATA[endpoint].fields), tests)

    def document(self, study: str, release: Release) -> Row:
        """The study as the search index holds it."""
        return self._known(self._package(study, release))

    def vocabulary(self, endpoint: Endpoint, release: Release) -> Iterator[Row]:
        """The terms in the newest package up to the release, or made-up ones if packages have none."""
        there = [package for versions in self._packages.values() for package in versions.values()]
        newest = max((item for item in there if item.release <= release), key=lambda item: item.release)
        table = newest.table(endpoint.table)
        if table.empty:
            return terms(endpoint)
        return with_stub(endpoint, typed(pick(table, columns(endpoint)), endpoint.fields))

    def restricted(self, release: Release) -> Sequence[str]:
        """None: what there is a package of is shared."""
        return ()

    def files(self, study: str, release: Release) -> Sequence[StoredFile]:
        """The package itself, those before it, and what is in it or named by it."""
        return self._stored(study, release)

    def reissue(self, study: str, release: Release | None) -> None:
        """Packages cannot be issued again: put the newer one into the folder.

        :raises ValueError: always.
        """
        raise ValueError("a folder of packages holds those issued again: serve it with --stated-releases")

    def _files(self, study: str, release: Release) -> Sequence[StoredFile]:
        package = self._package(study, release)
        older = [item for item in self._packages[study].values() if item.release < package.release]
        return list(files_at_release(package, older, self._releases))

    def _document(self, package: Package) -> Row:
        people = self._frame(package, "demographic")
        techniques = self._frame(package, "experiment")["measurementTechnique"]
        counts = dict.fromkeys(techniques, 0)  # a technique without parsed rows is listed with 0
        for endpoint in RESULT_ENDPOINTS:
            rows = self._frame(package, endpoint.name)
            if endpoint.key == ("resultId",) and "measurementTechnique" in rows:
                for technique, count in rows["measurementTechnique"].value_counts().items():
                    counts[str(technique)] = counts.get(str(technique), 0) + int(count)
        row = self._study(package)
        return study_document(
            row,
            list(typed(self._frame(package, "arm"), SHARED_DATA["arm"].fields)),
            len(self._frame(package, "plannedVisit")),
            counts,
            biosample_type=list(self._frame(package, "biosample")["type"]),
            species=list(people["species"]),
            sex=list(people["gender"]),
            race=list(people["race"]),
            ethnicity=list(people["ethnicity"]),
            condition_or_disease=[row["conditionStudied"]],
            research_focus=[row["researchFocus"]],
            program_name=[row["program"]],
            study_pi=[row["pi"]],
            pubmed_id=[item["id"]["pubmedId"] for item in row["studyPubmeds"]],
        ) | {name: "NY"[len(self._frame(package, of)) > 0] for name, of in _HAS.items()}

    def _package(self, study: str, release: Release) -> Package:
        versions = self._packages[study]
        return versions[max(version for version in versions if version <= release)]

    def _joined(self, package: Package, endpoint: str) -> pd.DataFrame:
        return self._joins(package).rows(SHARED_DATA[endpoint])

    def _stated_release(self, package: Package, stated: tuple[Any, Any]) -> tuple[Any, Any] | None:
        """Version and date that a study states; before DR25 it states none, but a later package may."""
        if stated[0]:
            return stated
        others = (_stated_in(other) for other in self._packages[package.study].values())
        return next((item for item in others if item and Release.parse(item[0]) <= package.release), None)

    def _study(self, package: Package) -> Row:
        """The row of `study` and `summary`, of the release that the world says it is of."""
        row = study_row(package)
        stated = row["latestDataReleaseVersion"], row["latestDataReleaseDate"]
        # ImmPort issues a study's package again with later releases, with re-curated columns, while
        # study.txt still names an older one (SDY139 of DR25 says DR4): here the package is what changed.
        named = self._stated_release(package, stated) if self._stated else None
        row["latestDataReleaseVersion"], row["latestDataReleaseDate"] = named or (
            str(package.release),
            self._releases[package.release].isoformat(),
        )
        return row


def _dated(package: Package) -> date | None:
    """The day of its release, where a package states that."""
    row = package.table("study").iloc[0]
    if row.get("LATEST_DATA_RELEASE_VERSION") != str(package.release):
        return None
    try:
        return date.fromisoformat(str(row.get("LATEST_DATA_RELEASE_DATE"))[:10])
    except ValueError:
        return None


def _stated_in(package: Package) -> tuple[str, str] | None:
    """Version and date of the latest release that a package's study.txt states."""
    columns = {"version": "LATEST_DATA_RELEASE_VERSION", "date": "LATEST_DATA_RELEASE_DATE"}
    rows = pick(package.table("study").iloc[:1], columns).to_dict("records")
    return (rows[0]["version"], rows[0]["date"][:10]) if rows and rows[0]["version"] else None
