"""Two whole runs of one study and release at the same time, each a process with an Airflow of its own."""

from __future__ import annotations

import os

import pytest

from tests.end_to_end.worlds import NEWEST, Loaded
from tests.support.long import cases
from tests.support.runs import Installation, Installations, Kill
from tests.support.sandbox import RunningSandbox
from tests.support.star import differences, staging_tables, star_digest

DECIDED = Kill("include.pipeline.work_list:work_of", after=True)
#: Where the first run waits until the second one has decided; from there on, both are at work.
WAITS = {
    "the first has decided": DECIDED,
    "the first is landing": Kill("include.landing.zone:Landing.receive", call=7, after=True),
    "the first is about to publish": Kill("include.pipeline.steps:publish"),
}


def meeting(kill: Kill, *places: tuple[str, bool]) -> Kill:
    arguments = {"places": list(places)}
    return Kill(
        kill.target, kill.call, after=kill.after, action="tests.support.child:meet", arguments=arguments
    )


@pytest.mark.parametrize("waits", cases(WAITS, quick=["the first is about to publish"]))
def test_two_runs_at_once_load_each_study_once(
    waits: Kill, installations: Installations, before: Loaded, after: Loaded, small: RunningSandbox
) -> None:
    installation = installations.copy(before.installation)
    there, decided = (str(installation.folder / name) for name in ("there", "decided"))
    os.mkfifo(there)
    os.mkfifo(decided)
    # The second begins when the first is there, and the first goes on when the second has decided.
    first = (meeting(waits, (there, False), (decided, True)),)
    second = (
        meeting(Kill("include.pipeline.run_ledger:start_run"), (there, True)),
        meeting(DECIDED, (decided, False)),
    )
    runs = installation.run_at_once(first, second, route="api")
    assert [run.exit for run in runs] == [0, 0], [run.log[-2000:] for run in runs]
    # What one of them did is there once and whole, as an undisturbed run leaves it.
    assert differences(star_digest(installation.engine), after.digest) == []
    twice = installation.query(
        "select scope, release_version from ops.load where state = 'published'"
        " group by 1, 2 having count(*) > 1"
    )
    assert twice == []
    # What the other one had decided is closed with the reason, or was taken over.
    unpublished = installation.query(
        "select load_id, error from ops.load where release_version = :release and state <> 'published'",
        release=NEWEST,
    )
    assert [row for row in unpublished if not row.error.startswith("superseded: ")] == []
    assert_truthful(installation, [run.run_id for run in runs], [run.state for run in runs])
    assert "IntegrityError" not in runs[0].log + runs[1].log
    assert "deadlock" not in runs[0].log + runs[1].log


def assert_truthful(installation: Installation, run_ids: list[str | None], states: list[str | None]) -> None:
    """The ledger has each published load once, and each run says what it did itself."""
    ledger = installation.query("select load_id from ops.ledger order by 1")
    assert ledger == installation.query("select load_id from ops.load where state = 'published' order by 1")
    assert staging_tables(installation.engine) == []
    assert list(installation.landing.rglob("*.part")) == []
    assert installation.query("select step_id from ops.step where state = 'running'") == []
    ours = {
        row.run_id: row
        for row in installation.query(
            "select run_id, state, note, ended_at from ops.run where run_id = any(:runs)", runs=run_ids
        )
    }
    assert len(ours) == 2, "two runs have two records"
    for run_id, state in zip(run_ids, states, strict=True):
        row = ours[run_id]
        assert row.ended_at is not None
        assert (row.state == "success") == (state == "success"), (row, state)
        assert "killed" not in (row.note or "")
    # Every study that a run did not load itself, another run's record has as its own.
    missing = installation.query(
        "select w.run_id, w.scope from ops.work w left join ops.load l using (load_id)"
        " where w.run_id = any(:runs) and w.action in ('load', 'withdraw')"
        " and (l.state is distinct from 'published' and l.error not like 'superseded: %'"
        " or l.run_id <> all(:runs))",
        runs=run_ids,
    )
    assert missing == []
    assert "success" in states, "one of them did all of it"
