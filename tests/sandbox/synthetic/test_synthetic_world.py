"""The synthetic world: the same from the same numbers, small or large, and different at each release."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice, pairwise
from typing import Any

import pytest

from include.sandbox.synthetic.assays import ASSAYS
from include.sandbox.synthetic.synthetic_world import SyntheticWorld
from include.sandbox.world import in_years, padded, scaled
from include.sources.endpoint import Group
from include.sources.immport.endpoints import SHARED_DATA
from include.sources.release import Release

ENDPOINTS = {name: item for name, item in SHARED_DATA.items() if item.group is Group.STUDY}
OLD, NEW = Release(50), Release(51)


def everything(world: SyntheticWorld, release: Release) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Rows as declared, per study and endpoint."""
    return {
        (study, name): [
            {field: row.get(field) for field in endpoint.names} for row in world.rows(name, study, release)
        ]
        for study in world.studies(release)
        for name, endpoint in ENDPOINTS.items()
    }


def test_the_same_numbers_give_the_same_world_and_another_seed_another() -> None:
    one, two, other = (everything(SyntheticWorld(4, 30, seed), NEW) for seed in (1, 1, 2))
    assert one == two
    assert one.keys() == other.keys()
    assert one != other


@pytest.mark.parametrize(("studies", "rows"), [(8, 60), (3, 10)])
def test_the_newest_release_shows_every_kind_of_change(studies: int, rows: int) -> None:
    world = SyntheticWorld(studies, rows, 1)
    before, after = everything(world, OLD), everything(world, NEW)
    assert len(set(world.studies(NEW)) - set(world.studies(OLD))) == 1
    assert len(set(world.studies(OLD)) - set(world.studies(NEW))) == 1
    kinds = set()
    for assay in ASSAYS:
        for study in set(world.studies(OLD)) & set(world.studies(NEW)):
            then = {row["resultId"]: row for row in before[study, assay]}
            now = {row["resultId"]: row for row in after[study, assay]}
            kinds |= {"added"} if now.keys() - then.keys() else set()
            kinds |= {"withdrawn"} if then.keys() - now.keys() else set()
            for key in now.keys() & then.keys():
                changed = {name for name in now[key] if now[key][name] != then[key][name]}
                curated = {name for name in changed if name.endswith("Preferred") and then[key][name] is None}
                kinds |= {"filled"} if curated else set()
                kinds |= {"corrected"} if {n for n in changed if n.endswith("Reported")} else set()
    assert kinds == {"added", "withdrawn", "filled", "corrected"}


def test_a_study_changes_exactly_in_the_releases_it_says() -> None:
    world = SyntheticWorld(8, 60, 1)
    seen = set()
    for older, newer in pairwise(world.releases):
        before, after = everything(world, older), everything(world, newer)
        for study in set(world.studies(older)) & set(world.studies(newer)):
            same = all(before[study, name] == after[study, name] for name in ENDPOINTS)
            latest = after[study, "study"][0]["latestDataReleaseVersion"]
            assert same == (latest == before[study, "study"][0]["latestDataReleaseVersion"]), (study, newer)
            assert same or latest == str(newer)
            seen.add((newer, same))
    assert len(seen) == 6  # every step changes some studies and leaves others


def test_releases_are_ordered_and_dated() -> None:
    releases = SyntheticWorld(1, 1, 1).releases
    assert len(releases) >= 4
    assert list(releases) == sorted(releases)
    assert list(releases.values()) == sorted(releases.values())
    assert any(release.minor for release in releases)


def test_the_default_world_has_every_assay_in_each_release_that_matters() -> None:
    world = SyntheticWorld(8, 60, 1)
    for release in (OLD, NEW):
        for assay in ASSAYS:
            assert any(next(world.rows(assay, study, release), None) for study in world.studies(release))
    counts = {(s, a): sum(1 for _ in world.rows(a, s, NEW)) for s in world.studies(NEW) for a in ASSAYS}
    assert set(counts.values()) == {0, 60}


def test_a_large_world_is_made_on_demand() -> None:
    world = SyntheticWorld(1000, 200_000, 1)
    assert len(world.studies(NEW)) > 900
    assert len(list(islice(world.rows("hai", "SDY1999", NEW), 3))) == 3
    ids = [row["resultId"] for row in islice(world.rows("hai", "SDY1001", NEW), 5)]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("rows", [1, 4, 7])
def test_the_smallest_worlds_hold_together(rows: int) -> None:
    for studies in (1, 2):
        world = SyntheticWorld(studies, rows, 1)
        for release in world.releases:
            for (study, name), found in everything(world, release).items():
                keys = [tuple(row[field] for field in ENDPOINTS[name].key) for row in found]
                assert len(set(keys)) == len(keys), (study, name)
        assert world.studies(NEW)


def test_an_endpoint_the_world_knows_nothing_of_is_empty() -> None:
    assert list(SyntheticWorld(1, 1, 1).rows("labTest", "SDY1001", NEW)) == []


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("7", "7.00"),
        ("0.5", "0.50"),
        ("8.6954140999", "8.6954140999"),
        ("1.005", "1.005"),
        ("-0.04166667", "-0.04166667"),
        ("104.3449691988", "104.3449691988"),
    ],
)
def test_a_number_has_two_decimals_or_all_its_own(value: str, sent: str) -> None:
    """What ImmPort's scale holds is sent in it; of more digits none is invented, and none is lost."""
    assert str(scaled(value)) == sent
    assert padded(Decimal(value)) == sent.rjust(7)


@pytest.mark.parametrize(
    ("age", "unit", "sent"),
    [
        ("70", "Years", "70.0"),
        ("8.6954140999", "Years", "8.6954140999"),
        ("104", "Months", "8.67"),
        ("7", "Not Specified", None),
        ("7", None, None),
    ],
)
def test_an_age_in_years_keeps_its_digits(age: str, unit: str | None, sent: str | None) -> None:
    assert in_years(Decimal(age), unit) == sent
