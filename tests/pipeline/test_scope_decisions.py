"""Decisions about the scopes of a source: what is loaded, kept, withdrawn or on hold, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from include.pipeline.fetched.decisions import WarehouseScope, decide
from include.pipeline.load_policy import LoadPolicy
from include.pipeline.work_decisions import Action, WorkDecision
from include.sources.errors import ServerError
from include.sources.fetched.offering import Offered, Offering, Validators
from include.sources.immport.vocabularies import VOCABULARIES
from include.sources.release import FetchTime
from include.sources.withdrawal import RETRACTED
from tests.support.sources import Client, Runs, body
from tests.support.warehouse import Warehouse

LOAD, KEEP, WITHDRAW, HOLD = Action.LOAD, Action.KEEP, Action.WITHDRAW, Action.HOLD
BEFORE = "2026-05-03T04:00:00Z"
NOW = FetchTime(datetime(2026, 5, 10, 4, tzinfo=UTC))


def here(name: str, state: str = "current", **values: Any) -> WarehouseScope:
    return WarehouseScope(name, state, **{"release": BEFORE, **values})


def run(
    offered: list[str],
    known: list[WarehouseScope],
    changed: Mapping[str, str] | None = None,
    incomplete: str | None = None,
    **policy: Any,
) -> dict[str, tuple[Action, str]]:
    """Decisions by name; a scope is the same as before unless `changed` says why it is not."""
    offering = Offering(tuple(map(Offered, offered)), incomplete=incomplete)
    found = decide(
        VOCABULARIES,
        offering,
        {item.scope: item for item in known},
        LoadPolicy(**policy),
        NOW,
        lambda item, _: (changed or {}).get(item.scope),
    )
    assert all(isinstance(item, WorkDecision) and item.source == "vocabularies" for item in found)
    return {item.scope: (item.action, item.reason) for item in found}


def test_what_is_new_or_changed_is_loaded_and_what_is_the_same_is_kept() -> None:
    assert run(["lkA", "lkB", "lkC"], [here("lkB"), here("lkC")], {"lkC": "term was modified"}) == {
        "lkA": (LOAD, "new, first seen at 2026-05-10T04:00:00Z"),
        "lkB": (KEEP, f"not modified since {BEFORE}"),
        "lkC": (LOAD, "term was modified"),
    }


@pytest.mark.parametrize(
    ("known", "policy", "reason"),
    [
        (here("lkA", "withdrawn"), {}, "offered again at"),
        (here("lkA"), {"force": True}, "requested, "),
        (here("lkA", reason=f"{RETRACTED}by a person"), {}, RETRACTED),
        (here("lkA", refused=("genes",)), {}, "the source refused genes when"),
    ],
)
def test_what_is_the_same_is_loaded_for_other_reasons(
    known: WarehouseScope, policy: dict[str, Any], reason: str
) -> None:
    ((action, why),) = run(["lkA"], [known], **policy).values()
    assert action is LOAD
    assert why.startswith(reason)


def test_a_scope_that_is_of_a_later_time_is_on_hold() -> None:
    ((action, why),) = run(["lkA"], [here("lkA", release="2026-06-01T00:00:00Z")]).values()
    assert action is HOLD
    assert "already here: it went back" in why


def test_only_a_complete_listing_withdraws() -> None:
    known = [here("lkA"), here("lkB")]
    assert run(["lkA"], known)["lkB"] == (WITHDRAW, "withdrawn: no longer offered at 2026-05-10T04:00:00Z")
    assert run(["lkA"], known, incomplete="half of it")["lkB"] == (
        HOLD,
        "not offered, but the listing is not complete: half of it",
    )
    assert run([], known)["lkB"][0] is HOLD


def test_many_scopes_vanish_only_with_approval() -> None:
    known = [here(f"lk{number}") for number in range(20)]
    left = [item.scope for item in known[3:]]
    waiting = run(left, known)
    assert [name for name, (action, _) in waiting.items() if action is HOLD] == ["lk0", "lk1", "lk2"]
    assert "not offered, as are 3 of 20 vocabularies in the warehouse, more than 10%" in waiting["lk0"][1]
    assert run(left, known, approve_withdrawals=True)["lk0"][0] is WITHDRAW
    assert run(left, known, max_withdrawn_share=0.15)["lk0"][0] is WITHDRAW


def test_only_what_is_requested_is_decided_on() -> None:
    wanted = frozenset({"lkA", "lkX"})
    assert run(["lkA", "lkB"], [here("lkC")], studies=wanted) == {
        "lkA": (LOAD, "new, first seen at 2026-05-10T04:00:00Z"),
        "lkX": (HOLD, "requested, but neither offered nor in the warehouse"),
    }


SEX = LoadPolicy(studies=frozenset({"lkSex"}))
ANSWER = ("term", "lkSex")


@pytest.fixture
def runs(warehouse: Warehouse) -> Runs:
    """One vocabulary was loaded, with what its source said of its version."""
    client = Client({ANSWER: body([{"name": "Female"}])}, {ANSWER: Validators('"one"', "Sun, 03 May 2026")})
    runs = Runs(warehouse, VOCABULARIES, client)
    assert runs.run(SEX).state == "success"
    client.requested.clear()
    return runs


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Validators('"one"'), None),
        (Validators(None, "Sun, 03 May 2026"), None),
        (Validators('"two"', "Sun, 03 May 2026"), 'term was modified: "one", Sun, 03 May 2026 -> "two"'),
        (Validators(), "whether term changed is not known"),
    ],
    ids=str,
)
def test_an_answer_is_fetched_again_unless_its_validators_prove_it_the_same(
    runs: Runs, said: Validators, reason: str | None
) -> None:
    runs.client.said[ANSWER] = said
    summary = runs.run(SEX)
    assert (summary.state, summary.counts["unchanged"]) == ("success", 0 if reason else 1)
    assert runs.client.probed == [ANSWER]
    assert runs.client.requested == ([ANSWER] if reason else [])
    why = runs.warehouse.value("select reason from ops.work where run_id = :run", run=runs.run_id)
    assert (reason or "not modified since") in why


def test_an_answer_whose_version_cannot_be_found_out_is_fetched(runs: Runs) -> None:
    def fail(*_: object, **__: object) -> Validators:
        raise ServerError("HTTP 503", 503)

    runs.client.probe = fail  # type: ignore[method-assign]  # one that fails
    assert runs.run(SEX).counts["loaded"] == 1
    why = runs.warehouse.value("select reason from ops.work where run_id = :run", run=runs.run_id)
    assert "HTTP 503" in why


def test_each_run_is_a_release_and_another_try_of_it_is_the_same(runs: Runs) -> None:
    runs.client.said.clear()
    at = "select release_version from ops.load order by load_id desc limit 1"
    before = runs.warehouse.value(at)
    runs.is_last_try = False
    runs.begin(SEX)
    mine = runs.warehouse.value(at)
    assert VOCABULARIES.line.parse(mine).key > VOCABULARIES.line.parse(before).key
    with runs.warehouse.engine.begin() as connection:
        connection.execute(sa.text("update ops.run set started_at = started_at + interval '1 hour'"))
    runs.begin(SEX, again=True)
    assert runs.warehouse.value(at) == mine
    assert runs.warehouse.value("select count(*) from ops.load") == 2
    assert runs.go_on().state == "success"


def test_a_run_after_one_of_a_clock_that_was_ahead_is_later_all_the_same(runs: Runs) -> None:
    runs.client.said.clear()
    tomorrow = FetchTime.of(datetime.now(UTC) + timedelta(days=1))
    with runs.warehouse.engine.begin() as connection:
        for table in ("load", "scope"):
            values = {"name": str(tomorrow)}
            connection.execute(sa.text(f"update ops.{table} set release_version = :name"), values)
        connection.execute(sa.text("update ops.load set release_key = :key"), {"key": tomorrow.key})
    assert runs.run(SEX).state == "success"
    newest = runs.warehouse.value("select max(release_key) from ops.load")
    assert newest == tomorrow.key + 1


def test_what_an_earlier_run_left_open_ends_with_the_next(runs: Runs) -> None:
    runs.client.said.clear()
    runs.begin(SEX)
    runs.begin(SEX)
    states = runs.warehouse.rows("select state, error from ops.load order by load_id")
    assert [state for state, _ in states] == ["published", "failed", "planned"]
    assert "decided anew" in states[1][1]
    assert runs.go_on().state == "success"
