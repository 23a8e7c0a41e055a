"""Two releases one after the other, and what a run does when there is nothing to do."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.end_to_end.worlds import BEFORE, CHANGED, NEW, NEWEST, WITHDRAWN, Loaded
from tests.support.runs import Installation, Installations
from tests.support.sandbox import RunningSandbox
from tests.support.star import differences, row_marks, staging_tables, star_digest


def test_second_release_brings_its_changes_and_keeps_the_first(before: Loaded, after: Loaded) -> None:
    done = after.installation
    then, now = before.digest, after.digest
    assert {name: rows for name, rows in now.items() if name.endswith(f"fact_hai {BEFORE}")} == {
        name: rows for name, rows in then.items() if name.endswith(f"fact_hai {BEFORE}")
    }
    assert now["fact_hai now"] != then["fact_hai now"]
    studies = {row.scope: row.state for row in done.query("select * from ops.scope")}
    assert studies == {CHANGED: "current", WITHDRAWN: "withdrawn", NEW: "current"}
    changes = done.query(
        "select sum(added) > 0, sum(corrected) > 0, sum(withdrawn) > 0, sum(unchanged) > 0"
        " from ops.release_change c join ops.load l using (load_id)"
        " where scope = :study and release_version = :release and relation like 'fact%'",
        study=CHANGED,
        release=NEWEST,
    )
    assert changes == [(True, True, True, True)]
    reasons = dict(
        done.query(
            "select w.scope, w.reason from ops.work w join ops.run using (run_id)"
            " where newest_release = :newest",
            newest=NEWEST,
        )
    )
    assert reasons[CHANGED].endswith(f"-> {NEWEST}")
    gone = f"restricted: on the source's list of restricted studies, no longer listed at {NEWEST}"
    assert reasons[WITHDRAWN] == gone
    assert reasons[NEW] == f"new study, first seen at {NEWEST}"


def test_run_without_news_writes_nothing_and_says_why(
    installations: Installations, after: Loaded, small: RunningSandbox
) -> None:
    installation = installations.copy(after.installation)
    marks = row_marks(installation.engine)
    run = installation.run()
    assert run.state == "success"
    assert run.tasks["announce"] == "skipped"
    assert row_marks(installation.engine) == marks
    assert differences(star_digest(installation.engine), after.digest) == []
    reasons = installation.query("select action, reason from ops.work where run_id = :run", run=run.run_id)
    assert len(reasons) == 2
    assert all(action == "keep" and "unchanged since" in reason for action, reason in reasons)
    assert {request["endpoint"] for request in small.requests()} == {
        "search",
        "restrictedStudyAccessions",
    }
    assert staging_tables(installation.engine) == []


def test_run_that_lands_the_same_bytes_stages_and_writes_nothing(
    installations: Installations, after: Loaded, small: RunningSandbox
) -> None:
    installation = installations.copy(after.installation)
    marks = _marks_of_rows(installation)
    run = installation.run(force=True, route="api")
    assert run.state == "success", run.log[-4000:]
    assert _marks_of_rows(installation) == marks
    assert differences(star_digest(installation.engine), after.digest) == []
    assert staging_tables(installation.engine) == []
    done = installation.query(
        "select step, state, count(*) from ops.step where run_id = :run group by 1, 2", run=run.run_id
    )
    assert set(done) == {
        ("extract", "done", 2), ("stage", "skipped", 2), ("check", "skipped", 2), ("publish", "done", 2)
    }  # fmt: skip
    tasks = "select distinct step, task_id, map_index, try_number from ops.step where run_id = :run"
    assert {tuple(row) for row in installation.query(tasks, run=run.run_id)} == {
        (step, f"load.{step}", number, 1)
        for step in ("extract", "stage", "check", "publish") for number in (0, 1)
    }  # fmt: skip
    why = "select message from ops.step where run_id = :run and step = 'stage'"
    messages = [row.message for row in installation.query(why, run=run.run_id)]
    assert all(message.startswith(f"unchanged since {NEWEST}") for message in messages), messages
    assert installation.one("select count(*) from ops.load where same_as is not null") == 2


def _marks_of_rows(installation: Installation) -> dict[str, str]:
    """Marks of the versions of every table, and of what checks found."""
    marks = row_marks(installation.engine)
    kept = ("history.dim_", "history.fact_", "history.bridge_", "history.key_", "quality.")
    return {name: mark for name, mark in marks.items() if name.startswith(kept)}


@pytest.mark.long
def test_run_notes_a_key_about_to_expire(
    installations: Installations, after: Loaded, small: RunningSandbox
) -> None:
    soon = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    installation = replace(installations.copy(after.installation), extra={"expires_at": soon})
    run = installation.run()
    assert run.state == "success"
    note = installation.one("select note from ops.run where run_id = :run", run=run.run_id)
    assert "expires on" in note
    assert "2 days" in note


@pytest.mark.long
def test_landing_zone_alone_makes_the_same_star(
    installations: Installations, before: Loaded, small: RunningSandbox
) -> None:
    original = installations.copy(before.installation)
    # Without the withdrawal, which is in no landing zone.
    assert original.run(studies=[CHANGED, NEW], route="api").state == "success"
    replayed = _from_landing(installations, original)
    small.clear_requests()
    run = replayed.run(replay=True, replay_until=BEFORE)
    assert run.state == "success", run.log[-4000:]
    assert differences(star_digest(replayed.engine), before.digest) == []
    counted = replayed.run(dag="warehouse_dry_run", scopes=[CHANGED])
    assert counted.state == "success", counted.log[-4000:]
    assert staging_tables(replayed.engine) == []
    assert differences(star_digest(replayed.engine), before.digest) == []
    run = replayed.run(replay=True)
    assert run.state == "success", run.log[-4000:]
    expected, made = (
        replayed.query(
            f"select relation, added, corrected, withdrawn, unchanged from {table} where scope = :study"
            " and release_version = :at and added + corrected + withdrawn + unchanged > 0 order by 1",
            study=CHANGED,
            at=NEWEST,
        )
        for table in ("ops.dry_run_change", "ops.release_change join ops.load using (load_id)")
    )
    assert expected == made
    assert any(row.corrected for row in made)
    assert differences(star_digest(replayed.engine), star_digest(original.engine)) == []
    assert small.requests() == []


@pytest.mark.long
def test_flipped_bit_in_the_landing_zone_fails_its_study_only(
    installations: Installations, after: Loaded, small: RunningSandbox
) -> None:
    installation = _from_landing(installations, after.installation)
    (landed,) = installation.landing.glob(f"{NEW}/{NEWEST}/*/biosample.json.gz")
    content = bytearray(landed.read_bytes())
    content[len(content) // 2] ^= 1
    landed.write_bytes(content)
    run = installation.run(replay=True)
    assert run.state == "failed"
    assert installation.states() == {CHANGED: "published", WITHDRAWN: "published", NEW: "failed"}
    error = installation.one("select error from ops.load where scope = :study", study=NEW)
    assert f"{NEW} biosample" in error
    assert "changed since it was landed" in error
    assert installation.query("select from star.dim_study where study_accession = :study", study=NEW) == []


def _from_landing(installations: Installations, original: Installation) -> Installation:
    """An empty warehouse with a copy of the landing zone; its connection to the sandbox leads nowhere."""
    made = installations.fresh(replace(original.sandbox, url="http://127.0.0.1:9"))
    shutil.copytree(original.landing, made.landing)
    _no_leftovers(made.landing)
    return made


def _no_leftovers(landing: Path) -> None:
    assert list(landing.rglob("*.part")) == []
