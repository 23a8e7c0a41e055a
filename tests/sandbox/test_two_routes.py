"""A synthetic study read back from its own packages gives the rows that the API serves of it.

Writing and reading are two programs: the packages are written from the world's plan, the rows joined from
the tables as they are from ImmPort's.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from include.sandbox.answers import json_text
from include.sandbox.assays import ASSAYS
from include.sandbox.files import LISTINGS
from include.sandbox.packages import PackageWorld
from include.sandbox.synthetic import SyntheticWorld
from include.sandbox.world import World
from include.sources.immport import SHARED_DATA
from include.sources.model import Group
from include.sources.release import Release

#: All that a study is asked for, but for its files: of those a folder of packages knows result files by
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


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[SyntheticWorld, PackageWorld]:
    """A world with all ten assays, human and mouse studies, at its four releases."""
    world = SyntheticWorld(8, 60, 1)
    return world, bound(world, tmp_path_factory.mktemp("bound"))


def test_both_routes_give_the_same_rows(both: tuple[SyntheticWorld, PackageWorld]) -> None:
    api, packages = both
    seen: Counter[str] = Counter()
    for study, release in places(api):
        for endpoint in ENDPOINTS:
            wanted = table(api, endpoint, study, release)
            assert table(packages, endpoint, study, release) == wanted, (endpoint, study, str(release))
            seen[endpoint] += len(wanted)
    assert set(seen) == set(ENDPOINTS)
    assert min(seen.values()) > 0


def test_the_worlds_hold_what_makes_joins_hard(both: tuple[SyntheticWorld, PackageWorld]) -> None:
    """Without these the test above would prove less than it says."""
    _, packages = both
    newest = max(packages.releases)
    studies = packages.studies(newest)
    assert {name for study in studies for name in ASSAYS if table(packages, name, study, newest)} == {*ASSAYS}
    kinds: Mapping[str, set[str]] = {
        "species": {'"Homo sapiens"', '"Mus musculus"'},
        "sourceType": {'"EXPSAMPLE"', '"CONTROL SAMPLE"', '"STANDARD CURVE"'},
        "analytePreferred": {"null", '"IL2"'},
        "treatmentAccession": {"null", '"TRT1001"'},
        "ageUnit": {'"Years"', '"Weeks"', '"Months"'},
    }
    seen: dict[str, set[str]] = {name: set() for name in kinds}
    for study, release in places(packages):
        for endpoint in ("mbaa", "elisa", "demographic"):
            for row in table(packages, endpoint, study, release).values():
                for name in seen.keys() & row.keys():
                    seen[name].add(row[name])
    assert all(wanted <= seen[name] for name, wanted in kinds.items()), seen
    arms = Counter(key[1] for study in studies for key in table(packages, "demographic", study, newest))
    assert max(arms.values()) == 2  # one subject in two studies


def test_both_worlds_say_the_same_in_the_search(both: tuple[SyntheticWorld, PackageWorld]) -> None:
    api, packages = both
    for study, release in places(api):
        told = (api.document(study, release), packages.document(study, release))
        one, two = (
            {name: sorted(value) if isinstance(value, list) else value for name, value in item.items()}
            for item in told
        )
        assert one == two, (study, str(release))


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
