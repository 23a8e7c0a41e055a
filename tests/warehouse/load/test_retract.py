"""Releases that never were: a study that was loaded at one is brought back to the releases that are."""

from __future__ import annotations

from typing import Any

import pytest

from include.pipeline import discover, run_ledger
from include.pipeline.load_policy import LoadPolicy
from include.pipeline.work_decisions import WorkDecision
from include.quality import audit
from include.sources.release import Release
from include.warehouse.access import study_visibility
from include.warehouse.load.fence import Attempt
from tests.pipeline.test_release_file_changes import DAY, LATER, Source, actions
from tests.support.warehouse import Warehouse, apart, hai, small_study

OPS = {
    "ops.ledger": "load_id, scope, release_key",
    "ops.capture": "scope, release_key, kind, reason, load_id",
    "ops.release_change": "*",
    "history.data_release": "*",
    "ops.content": "scope_key, relation, rows, digest",
}


@pytest.fixture
def source(warehouse: Warehouse) -> Source:
    made = Source(warehouse)
    made.share(1, 2)
    made.run()
    return made


def pin(source: Source, release: str = "DR500") -> None:
    """Load SDY1 at a release that is not one, with other content, as a version without doubts would."""
    source.listed["SDY1"] = (release, LATER)
    other = small_study(hai(1, "160"), hai(2, "<10", who=2), hai(4, "20"))
    source.content["SDY1"] = apart(other, "1")
    assert actions(source.run(approve_releases=True))["SDY1"] == "load"
    source.content.clear()


def everything(warehouse: Warehouse) -> dict[str, Any]:
    """History and its ledgers, without the times at which something was written."""
    history = {
        name: sorted(map(str, rows)) for name, rows in warehouse.history().items() if "key_" not in name
    }
    ops = {name: sorted(map(str, warehouse.rows(f"select {what} from {name}"))) for name, what in OPS.items()}
    return history | ops


def retract(source: Source, last: str, run: str = "d/retract", **policy: Any) -> str | None:
    engine = source.warehouse.engine
    run_ledger.start_run(engine, run)
    attempt = Attempt.begin(engine, run, "discover")
    return discover.retract_after(engine, attempt, Release.parse(last), LoadPolicy(**policy))


@pytest.mark.parametrize("release", ["DR500", "DR80"])
def test_a_pinned_study_comes_back_to_the_releases_that_are(source: Source, release: str) -> None:
    before = everything(source.warehouse)
    pin(source, release)
    assert everything(source.warehouse) != before
    source.listed["SDY1"] = ("DR5", LATER)
    stuck = source.run()["SDY1"]
    assert (stuck.action, stuck.reason) == (
        "hold",
        f"listed at DR5, {release} is already here: the listing went back",
    )
    assert retract(source, "DR58") == f"retracted as after DR58: SDY1 {release}"
    assert everything(source.warehouse) == before
    freed = source.run()["SDY1"]
    assert (freed.action, freed.release, freed.reason) == ("load", "DR5", "DR4 -> DR5")
    held = "select state, release_version, release_date, reason from ops.scope where scope = 'SDY1'"
    assert source.warehouse.rows(held) == [("current", "DR5", LATER, None)]
    assert actions(source.run()) == {"SDY1": "keep", "SDY2": "keep"}


def test_a_retracted_study_is_loaded_again_though_the_listing_is_as_before(
    source: Source,
) -> None:
    pin(source)
    retract(source, "DR58")
    source.listed["SDY1"] = ("DR4", DAY)
    failed = source.run(fails=["SDY1"])["SDY1"]
    assert (failed.action, failed.reason) == ("load", "retracted: DR500, of after DR58")
    assert actions(source.run())["SDY1"] == "load"
    assert actions(source.run())["SDY1"] == "keep"


def test_a_study_first_loaded_at_such_a_release_is_new_again(source: Source) -> None:
    source.share(3, release="DR500")
    source.run(approve_releases=True)
    retract(source, "DR58", studies=frozenset({"SDY3"}))
    assert source.warehouse.value("select count(*) from star.dim_study where study_accession = 'SDY3'") == 0
    source.listed["SDY3"] = ("DR5", LATER)
    found = source.run()["SDY3"]
    assert (found.action, found.reason) == ("load", "new study, first seen at DR5")


def test_a_withdrawal_at_such_a_release_goes_with_it_and_opens_nothing(source: Source) -> None:
    pin(source)
    before = everything(source.warehouse)
    del source.listed["SDY1"]
    source.restricted = type(source.restricted)(frozenset({"SDY1"}))
    source.listed["SDY2"] = ("DR500", DAY)
    assert actions(source.run())["SDY1"] == "withdraw"
    assert everything(source.warehouse) != before
    retract(source, "DR58")
    with source.warehouse.engine.connect() as connection:
        assert study_visibility.waiting(connection) == {"SDY1"}
    source.listed["SDY2"] = ("DR5", LATER)
    again = source.run()["SDY1"]
    assert (again.action, again.release) == ("withdraw", "DR5")


def test_only_the_studies_of_the_run_and_only_later_releases_are_retracted(source: Source) -> None:
    pin(source)
    before = everything(source.warehouse)
    assert retract(source, "DR58", studies=frozenset({"SDY2"})) is None
    assert retract(source, "DR500", run="d/another") is None
    assert everything(source.warehouse) == before


def test_the_audit_finds_no_more_after_a_retraction_and_a_replay_does_not_bring_it_back(
    source: Source,
) -> None:
    engine = source.warehouse.engine

    def findings(run: str) -> list[tuple[str, str]]:
        return [(item.check.check_id, item.check.relation) for item in audit.run(engine, run)]

    before = findings("one night")
    pin(source)
    retract(source, "DR58")
    assert findings("another night") == before
    replayed = [replay(source, f"d/replay {force}", force=force) for force in (False, True)]
    assert [item["SDY1", "DR500"].action.value for item in replayed] == ["keep", "hold"]
    assert replayed[0]["SDY1", "DR500"].reason.startswith("already retracted from fetch")
    assert "DR500 cannot be" in replayed[1]["SDY1", "DR500"].reason
    assert replayed[1]["SDY1", "DR4"].action.value == "load"


def replay(source: Source, run: str, **policy: Any) -> dict[tuple[str, str], WorkDecision]:
    engine, landing = source.warehouse.engine, source.warehouse.tools.landing
    run_ledger.start_run(engine, run)
    attempt = Attempt.begin(engine, run, "discover")
    decisions = discover.from_landing(engine, attempt, landing, LoadPolicy(**policy), None, ["a note"])
    note = source.warehouse.value("select note from ops.run where run_id = :run", run=run)
    assert note == "a note; replay of the landing zone"
    return {(item.scope, item.release): item for item in decisions}
