"""A synthetic study read back from its own packages gives the rows that the API serves of it.

Writing and reading are two programs: the packages are written from the world's plan, the rows joined from
the tables as they are from ImmPort's.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from include.sandbox.archive.package_world import PackageWorld
from include.sandbox.row import Row
from include.sandbox.server.serialize import json_text
from include.sandbox.stored_files import LISTINGS
from include.sandbox.synthetic.synthetic_world import SyntheticWorld
from include.sandbox.world import World
from include.sources.endpoint import Group
from include.sources.immport.endpoints import SHARED_DATA
from include.sources.release import Release

#: Whole worlds, row by row; `end_to_end/test_two_routes.py` has the same of the star in every run.
pytestmark = pytest.mark.long

#: All endpoints of a study but those of its files: of those a folder of packages knows result files by
#: name alone, and it has no MySQL package.
ENDPOINTS = {
    name: item for name, item in SHARED_DATA.items() if item.group is Group.STUDY and name not in LISTINGS
}
#: Columns that only one route knows, by endpoint, with the reason. There are none.
ONE_ROUTE: dict[tuple[str, str], str] = {}
#: Release files that are not the same by both: see above; the manifest lists the sizes of the others.
OTHER_FILES = ("_MySQL.zip", "_manifest.txt")

Table = dict[tuple[str, ...], dict[str, str]]


def table(world: World, endpoint: str, study: str, release: Release) -> Table:
    """Rows as printed, by key."""
    declared = ENDPOINTS[endpoint]
    found = list(world.rows(endpoint, study, release))
    names = [name for name in declared.names if (endpoint, name) not in ONE_ROUTE]
    rows = {
        tuple(json_text(row.get(name)) for name in declared.key): {
            name: json_text(row.get(name)) for name in names
        }
        for row in found
    }
    assert len(rows) == len(found), (endpoint, study)
    return rows


def bound(world: SyntheticWorld, folder: Path) -> PackageWorld:
    """The packages of all releases, as a world of their own."""
    for release in world.releases:
        for study in world.studies(release):
            for file in world.files(study, release):
                if file.name.endswith("_Tab.zip"):
                    assert isinstance(file.stored, Path)
                    shutil.copy(file.stored, folder / file.name)
    return PackageWorld(folder)


def places(world: World) -> Iterator[tuple[str, Release]]:
    """Studies, each at the releases that changed it: at others it is the same by the same package."""
    there = ((study, release) for release in world.releases for study in world.studies(release))
    for study, release in there:
        if next(world.rows("study", study, release))["latestDataReleaseVersion"] == str(release):
            yield study, release


@dataclass(frozen=True)
class StudyRows:
    """What both worlds say of one study at one release, the API first."""

    tables: dict[str, tuple[Table, Table]]
    documents: tuple[Row, Row]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[SyntheticWorld, PackageWorld]:
    """A world with all ten assays, human and mouse studies, at its four releases."""
    world = SyntheticWorld(8, 60, 1)
    return world, bound(world, tmp_path_factory.mktemp("bound"))


@pytest.fixture(scope="module")
def by_study(both: tuple[SyntheticWorld, PackageWorld]) -> dict[tuple[str, str], StudyRows]:
    """All they say; study by study, so that a package is joined once."""
    found = {}
    for study, release in places(both[0]):
        tables = {
            name: (table(both[0], name, study, release), table(both[1], name, study, release))
            for name in ENDPOINTS
        }
        documents = (both[0].document(study, release), both[1].document(study, release))
        found[study, str(release)] = StudyRows(tables, documents)
    return found


def test_both_routes_give_the_same_rows(by_study: dict[tuple[str, str], StudyRows]) -> None:
    seen: Counter[str] = Counter()
    for place, study_rows in by_study.items():
        for endpoint, (api, packages) in study_rows.tables.items():
            assert packages == api, (endpoint, place)
            seen[endpoint] += len(api)
    assert set(seen) == set(ENDPOINTS)
    assert min(seen.values()) > 0


def test_the_worlds_hold_what_makes_joins_hard(by_study: dict[tuple[str, str], StudyRows]) -> None:
    """Without these the test above would prove less than it says."""
    kinds: Mapping[str, set[str]] = {
        "species": {'"Homo sapiens"', '"Mus musculus"'},
        "sourceType": {'"EXPSAMPLE"', '"CONTROL SAMPLE"', '"STANDARD CURVE"'},
        "armAccession": {"null", '"ARM10001"'},
        "analytePreferred": {"null", '"IL2"'},
        "treatmentAccession": {"null", '"TRT1001"'},
        "ageUnit": {'"Years"', '"Weeks"', '"Months"'},
    }
    seen: dict[str, set[str]] = {name: set() for name in kinds}
    studies: dict[str, set[str]] = {}
    for (study, _), study_rows in by_study.items():
        for endpoint in ("mbaa", "elisa", "demographic"):
            for row in study_rows.tables[endpoint][1].values():
                for name in seen.keys() & row.keys():
                    seen[name].add(row[name])
        for row in study_rows.tables["demographic"][1].values():
            studies.setdefault(row["subjectAccession"], set()).add(study)
    assert all(wanted <= seen[name] for name, wanted in kinds.items()), seen
    assert max(len(where) for where in studies.values()) == 2  # a subject in two studies


def test_both_worlds_say_the_same_in_the_search(by_study: dict[tuple[str, str], StudyRows]) -> None:
    for place, study_rows in by_study.items():
        api, packages = (
            {name: sorted(value) if isinstance(value, list) else value for name, value in item.items()}
            for item in study_rows.documents
        )
        assert packages == api, place


def test_both_worlds_have_the_same_inventory_archives_and_papers(
    both: tuple[SyntheticWorld, PackageWorld],
) -> None:
    api, packages = both
    for study, release in places(api):
        one, two = (
            {
                (file.kind, file.name, file.md5)
                for file in world.files(study, release)
                if file.kind != "result_file" and not file.name.endswith(OTHER_FILES)
            }
            for world in (api, packages)
        )
        assert one == two, (study, str(release))
        assert {kind for kind, _, _ in one} >= {"release_file", "study_file", "protocol_file"}


def test_a_package_issued_again_says_what_the_api_says(tmp_path: Path) -> None:
    api = SyntheticWorld(6, 40, 3)
    newest = max(api.releases)
    before = table(api, "pcr", "SDY1002", newest)
    api.reissue("SDY1002", newest)
    packages = bound(api, tmp_path)
    for endpoint in ENDPOINTS:
        if endpoint not in ("study", "summary"):  # a folder of packages says the release of the package
            wanted = table(api, endpoint, "SDY1002", newest)
            assert table(packages, endpoint, "SDY1002", newest) == wanted, endpoint
    changed = table(api, "pcr", "SDY1002", newest)
    assert before.keys() == changed.keys()
    assert {n for key in before for n in before[key] if before[key][n] != changed[key][n]} == {
        "comments",
        "valuePreferred",
    }
    stated = PackageWorld(tmp_path, stated=True)
    for endpoint in ("study", "summary"):
        wanted = table(api, endpoint, "SDY1002", newest)
        assert table(stated, endpoint, "SDY1002", newest) == wanted
        (row,) = wanted.values()
        assert row["latestDataReleaseVersion"] == '"DR50"'
