"""What is decided about each study, and how the work is split."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.pipeline.load_policy import LoadPolicy
from include.pipeline.work_decisions import (
    Action,
    Listed,
    Restricted,
    WarehouseStudy,
    WorkDecision,
    batches,
    decide,
)
from include.sources.plausible import doubt
from include.sources.release import Release

DAY, LATER = date(2026, 1, 1), date(2026, 2, 1)
LOAD, KEEP, WITHDRAW, HOLD = Action.LOAD, Action.KEEP, Action.WITHDRAW, Action.HOLD


def run(
    listed: list[Listed],
    held: list[WarehouseStudy],
    incomplete: str | None = None,
    restricted: Iterable[str] = (),
    **policy: Any,
) -> dict[str, WorkDecision]:
    names = Restricted(frozenset(restricted))
    decisions = decide(listed, held, LoadPolicy(**policy), incomplete=incomplete, restricted=names)
    assert len({item.scope for item in decisions}) == len(decisions)
    return {item.scope: item for item in decisions}


def hold(number: int, release: str = "DR9") -> list[WarehouseStudy]:
    """Studies SDY1 and on, as the warehouse holds them."""
    return [WarehouseStudy(f"SDY{n}", "current", release, DAY) for n in range(1, number + 1)]


def listing(*numbers: int, release: str = "DR9") -> list[Listed]:
    return [Listed(f"SDY{n}", release, DAY) for n in numbers]


@pytest.mark.parametrize(
    ("held", "listed", "force", "action", "reason"),
    [
        (None, ("DR9", DAY), False, LOAD, "new study, first seen at DR9"),
        (("current", "DR9"), ("DR9", DAY), False, KEEP, "unchanged since DR9"),
        (("current", "DR9"), ("DR10", DAY), False, LOAD, "DR9 -> DR10"),
        (("current", "DR9"), ("DR49.1", DAY), False, LOAD, "DR9 -> DR49.1"),
        (("current", "DR49.1"), ("DR50", DAY), False, LOAD, "DR49.1 -> DR50"),
        (("current", "DR49"), ("DR49.1", DAY), False, LOAD, "DR49 -> DR49.1"),
        (("current", "DR50"), ("DR49.1", DAY), False, HOLD, "DR50 is already here: the listing went back"),
        (("current", "DR50"), ("DR9", LATER), False, HOLD, "DR50 is already here: the listing went back"),
        (("current", "DR49.1"), ("DR49", DAY), False, HOLD, "DR49.1 is already here"),
        (("current", "DR9"), ("DR9", LATER), False, LOAD, "moved from 2026-01-01 to 2026-02-01"),
        (("current", "DR9"), ("DR9", None), False, LOAD, "moved"),
        (("current", "DR9"), ("DR9", DAY), True, LOAD, "requested, unchanged"),
        (("withdrawn", "DR9"), ("DR9", DAY), False, LOAD, "shared again at DR9"),
        (("withdrawn", "DR9"), ("DR10", DAY), False, LOAD, "shared again at DR10"),
    ],
)  # fmt: skip
def test_one_study(
    held: tuple[str, str] | None, listed: tuple[str, date | None], force: bool, action: Action, reason: str
) -> None:
    here = [WarehouseStudy("SDY1", *held, DAY)] if held else []
    decision = run([Listed("SDY1", *listed, expected_rows=7)], here, force=force)["SDY1"]
    assert (decision.action, decision.release, decision.release_date) == (action, *listed)
    assert reason in decision.reason
    assert decision.expected_rows == 7


def test_a_study_that_is_no_longer_listed_is_withdrawn_at_the_newest_release() -> None:
    found = run([Listed("SDY1", "DR9", DAY), Listed("SDY2", "DR10", DAY)], hold(3))
    assert found["SDY3"].action is WITHDRAW
    assert found["SDY3"].release == "DR10"
    assert found["SDY3"].reason == "withdrawn: no longer listed at DR10"


def test_what_was_withdrawn_before_is_not_withdrawn_again() -> None:
    gone = WarehouseStudy("SDY3", "withdrawn", "DR9", DAY)
    assert "SDY3" not in run(listing(1, 2), [*hold(2), gone])


@pytest.mark.parametrize(
    ("listed", "incomplete", "reason"),
    [
        (listing(1), "2 of 3 studies seen", "not complete: 2 of 3 studies seen"),
        (listing(1, release="DR8"), None, "ends at DR8 and DR9 is already here"),
        ([], None, "ends at None"),
    ],
)
def test_a_listing_that_cannot_be_trusted_withdraws_nothing(
    listed: list[Listed], incomplete: str | None, reason: str
) -> None:
    found = run(listed, hold(2), incomplete, approve_withdrawals=True)
    assert found["SDY2"].action is HOLD
    assert found["SDY2"].release == "DR9"
    assert reason in found["SDY2"].reason


@pytest.mark.parametrize(
    ("held", "gone", "approved", "action"),
    [
        (1, 0, False, None),
        (2, 1, False, WITHDRAW),  # one always may
        (10, 1, False, WITHDRAW),
        (10, 2, False, HOLD),
        (10, 2, True, WITHDRAW),
        (20, 2, False, WITHDRAW),  # the share itself still may
        (20, 3, False, HOLD),
        (20, 19, True, WITHDRAW),
    ],
)
def test_how_many_studies_may_go_without_approval(
    held: int, gone: int, approved: bool, action: Action | None
) -> None:
    found = run(listing(*range(1, held - gone + 1)), hold(held), approve_withdrawals=approved)
    left = [item.action for item in found.values() if item.action is not KEEP]
    assert left == [action] * gone


def test_the_share_is_that_of_all_studies_even_when_few_are_requested() -> None:
    found = run(listing(1, 2), hold(10), studies=frozenset({"SDY3", "SDY1"}))
    assert {study: item.action for study, item in found.items()} == {"SDY1": KEEP, "SDY3": HOLD}


def test_a_requested_study_that_is_nowhere_is_put_on_hold() -> None:
    found = run(listing(1), [], studies=frozenset({"SDY99"}))
    assert list(found) == ["SDY99"]
    assert found["SDY99"].action is HOLD


def test_studies_come_in_the_order_of_their_numbers() -> None:
    assert list(run(listing(10, 9, 100, 2), [])) == ["SDY2", "SDY9", "SDY10", "SDY100"]


loads = st.dictionaries(
    st.integers(1, 60), st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 5000)), min_size=1
)


@given(loads=loads, rows=st.integers(1, 4000), most=st.integers(1, 10), least=st.integers(1, 10))
def test_batches(loads: dict[int, tuple[str, int]], rows: int, most: int, least: int) -> None:
    groups = {number: study for number, (study, _) in loads.items()}
    sizes = {number: size for number, (_, size) in loads.items()}
    made = batches(sizes, groups, rows=rows, most=most, least=least)
    assert sorted(number for batch in made for number in batch) == sorted(loads)
    assert all(made)
    studies = set(groups.values())
    assert min(least, most, len(studies)) <= len(made) <= min(most, len(studies))
    for study in studies:
        (batch,) = [batch for batch in made if any(groups[number] == study for number in batch)]
        together = [number for number in batch if groups[number] == study]
        assert together == [number for number in groups if groups[number] == study]
        at = batch.index(together[0])
        assert batch[at : at + len(together)] == together
    # The fullest task exceeds an even share by one study at most.
    weight = {s: sum(sizes[n] + 1 for n in groups if groups[n] == s) for s in studies}
    fullest = max(sum(sizes[number] + 1 for number in batch) for batch in made)
    assert fullest <= sum(weight.values()) / len(made) + max(weight.values())


def test_large_studies_are_placed_first() -> None:
    """A large study that comes last would end up beside others."""
    made = batches({1: 9, 2: 9, 3: 19}, {1: "a", 2: "b", 3: "c"}, rows=1, most=2, least=1)
    assert sorted(made) == [[1, 2], [3]]


def listed_then(release: str, package: str) -> WarehouseStudy:
    """A study that was listed at `release` when it was loaded from files of `package`."""
    return WarehouseStudy("SDY1", "current", package, DAY, listed=release)


@pytest.mark.parametrize(
    ("listed", "action", "release", "reason"),
    [
        (("DR4", DAY), KEEP, "DR25", "unchanged since DR4"),
        (("DR4", LATER), LOAD, "DR25", "DR4 moved"),
        (("DR9", DAY), LOAD, "DR25", "DR4 -> DR9"),
        (("DR26", DAY), LOAD, "DR26", "DR4 -> DR26"),
        (("DR3", DAY), HOLD, "DR3", "listed at DR3, DR4 is already here"),
    ],
)
def test_what_is_listed_is_compared_with_what_was_listed(
    listed: tuple[str, date], action: Action, release: str, reason: str
) -> None:
    decision = run([Listed("SDY1", *listed)], [listed_then("DR4", "DR25")])["SDY1"]
    assert (decision.action, decision.release, decision.listed) == (action, release, listed[0])
    assert reason in decision.reason


def test_files_of_a_later_release_do_not_make_a_listing_old() -> None:
    held = [WarehouseStudy("SDY1", "current", "DR25", DAY, listed="DR4"), *hold(3, "DR4")[1:]]
    found = run([Listed("SDY1", "DR4", DAY), Listed("SDY2", "DR4", DAY)], held)
    assert found["SDY3"].action is WITHDRAW


@pytest.mark.parametrize("incomplete", [None, "2 of 3 studies seen"])
@pytest.mark.parametrize("is_listed", [True, False])
def test_a_restricted_study_goes_whatever_the_listing_says(is_listed: bool, incomplete: str | None) -> None:
    numbers = (1, 2, 3) if is_listed else (1, 2)
    found = run(listing(*numbers), hold(3), incomplete, restricted={"SDY3"})
    assert found["SDY3"].action is WITHDRAW
    assert found["SDY3"].reason.startswith("restricted: ")
    assert ("no longer listed at DR9" in found["SDY3"].reason) is not is_listed


def test_a_requested_study_that_is_restricted_is_put_on_hold() -> None:
    found = run(listing(1), [], studies=frozenset({"SDY9"}), restricted={"SDY9"})
    assert found["SDY9"].action is HOLD
    assert "restricted" in found["SDY9"].reason


def test_restricted_and_unlisted_studies_count_together() -> None:
    numbers = range(1, 20)  # SDY20 is gone
    assert run(listing(*numbers), hold(20), restricted={"SDY1"})["SDY20"].action is WITHDRAW
    found = run(listing(*numbers), hold(20), restricted={"SDY1", "SDY2"})
    assert {found[study].action for study in ("SDY1", "SDY2", "SDY20")} == {HOLD}


TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("release", "day", "reason"),
    [
        ("DR51", DAY, None),
        ("DR58", date(2025, 10, 30), None),
        ("DR83", None, None),
        ("DR84", None, "DR84 cannot be by 2026-11-30, DR83 is as far"),
        ("DR500", DAY, "DR500 cannot be"),
        ("DR99999", None, "cannot be"),
        ("DR59", date(2026, 12, 31), None),
        ("DR59", date(2027, 1, 1), "DR59 of 2027-01-01 lies in the future"),
    ],
)
def test_a_release_that_cannot_be_is_seen(release: str, day: date | None, reason: str | None) -> None:
    found = doubt(Release.parse(release), day, TODAY)
    assert found is None if reason is None else reason in str(found)


@pytest.mark.parametrize("state", [None, "current", "withdrawn"])
def test_a_release_that_cannot_be_waits_for_a_person_and_moves_nothing(state: str | None) -> None:
    here = [WarehouseStudy("SDY1", state, "DR9", DAY)] if state else []
    gone = WarehouseStudy("SDY3", "current", "DR9", DAY)
    listed = [Listed("SDY1", "DR500", DAY, doubt="DR500 cannot be"), Listed("SDY2", "DR9", DAY)]
    found = run(listed, [*here, gone])
    assert found["SDY1"].action is HOLD
    assert "DR500 cannot be: withheld, run again with approve_releases" in found["SDY1"].reason
    assert (found["SDY3"].action, found["SDY3"].release) == (WITHDRAW, "DR9")
    approved = run(listed, [*here, gone], approve_releases=True)
    assert (approved["SDY1"].action, approved["SDY1"].release) == (LOAD, "DR500")
