"""A run killed at any step, then run again: the star is that of an undisturbed run."""

from __future__ import annotations

import pytest

from include.warehouse.terms import proposals
from tests.end_to_end.worlds import CHANGED, NEWEST, Loaded
from tests.support.long import cases
from tests.support.runs import Installation, Installations, Kill, Processes
from tests.support.sandbox import RunningSandbox
from tests.support.star import differences, staging_tables, star_digest

KILLED = -9
#: Step -> where each run in turn dies. The run after it meets what that one left.
KILLS = {
    "discover": (
        Kill("include.pipeline.discover:decide"),
        Kill("include.pipeline.work_list:write", statement=3),
        Kill("include.pipeline.work_list:work_of", after=True),
    ),
    "extract": (
        Kill("include.landing.zone:Landing.receive"),
        Kill("include.landing.zone:Landing._write_json"),  # landed, not yet noted
        Kill("include.landing.zone:Landing.receive", call=7, after=True),
        Kill("include.landing.zone:Landing.write_manifest"),
        Kill("include.landing.zone:Landing.write_manifest", after=True),
        # Which study comes first differs from run to run; by now, one of them is not yet extracted.
        Kill("include.pipeline.drift:note_drift", after=True),
    ),
    "extract, answers put into place together": (
        Kill("include.landing.zone:Landing.receive", call=7, after=True),  # none in place
        Kill("include.landing.arrivals:Arrivals.settle"),
        Kill("include.landing.arrivals:Arrivals.settle", after=True),  # all in place, without a manifest
        Kill("include.landing.arrivals:Arrivals.settle", call=2, after=True),  # and with it
    ),
    "stage": (
        Kill("include.warehouse.load.stage_answers:_copy", call=5, after=True),
        Kill("include.pipeline.steps:stage", after=True),
    ),
    "check": (
        Kill("include.quality.gate:_finding", call=9, after=True),
        Kill("include.pipeline.steps:check", after=True),
    ),
    "publish": (
        Kill("include.pipeline.steps:publish"),
        Kill("include.warehouse.load.transform:prepare", after=True),
        Kill("include.warehouse.load.publish:drop_staging", after=True),  # all but COMMIT
        Kill("include.pipeline.steps:publish_load", after=True),  # committed, but not reported
        Kill("include.pipeline.steps:publish_load", after=True),
    ),
    "withdraw": (
        Kill("include.warehouse.load.transform:prepare_nothing", after=True),
        Kill("include.pipeline.steps:withdraw", after=True),
    ),
    "finish": (
        Kill("include.pipeline.report:finish"),
        Kill("include.pipeline.report:finish", after=True),
    ),
}


#: Each answer of the chain `extract` is put into place by itself, as those of a large study are.
EACH_BY_ITSELF = Kill(
    "include.pipeline.extract:extract",
    action="tests.support.child:assign",
    arguments={"target": "include.landing.arrivals:MOST_FILES", "value": 1},
)


@pytest.mark.parametrize("step", cases({step: step for step in KILLS}, quick=["publish"]))
def test_killed_run_is_made_good_by_the_next(
    step: str,
    installations: Installations,
    before: Loaded,
    after: Loaded,
    small: RunningSandbox,
) -> None:
    installation = installations.copy(before.installation)
    landed: set[tuple[str, str]] = set()
    changes = (EACH_BY_ITSELF,) if step == "extract" else ()
    for kill in KILLS[step]:
        killed = installation.run(*changes, kill, route="api")
        assert killed.exit == KILLED, f"{kill}: {killed.log[-4000:]}"
        assert _requested(small) & landed == set(), f"{kill}: fetched again although it was landed whole"
        landed = _landed(installation)
        small.clear_requests()
    run = installation.run(route="api")
    assert run.state == "success", run.log[-4000:]
    assert _requested(small) & landed == set(), "fetched again although it was landed whole"
    assert differences(star_digest(installation.engine), after.digest) == []
    _assert_accounts(installation)


@pytest.mark.long
def test_killed_at_every_few_statements_of_a_publish(
    installations: Installations, processes: Processes, before: Loaded, small: RunningSandbox
) -> None:
    installation = installations.copy(before.installation)
    assert (
        installation.run(Kill("include.pipeline.steps:publish"), studies=[CHANGED], route="api").exit
        == KILLED
    )
    load_id = installation.one("select max(load_id) from ops.load where scope = :s", s=CHANGED)
    arguments = {
        "url": installation.url.render_as_string(hide_password=False),
        "landing": str(installation.landing),
        "load_id": load_id,
    }
    target, log = "tests.end_to_end.torture:publish", installation.folder / "torture.log"
    publish = "include.pipeline.steps:publish_load"
    kills, stored = 0, _stored(installation)
    for statement in range(0, 1000, 13):
        exit_code = processes.call(target, log, Kill(publish, statement=statement), **arguments)
        if exit_code == 0:
            break
        assert exit_code == KILLED, log.read_text()[-4000:]
        kills += 1
        assert installation.query("select from ops.ledger where load_id = :load", load=load_id) == []
        assert _stored(installation) == stored
        if kills % 8 == 1:
            assert differences(star_digest(installation.engine), before.digest) == []
    assert kills > 10
    assert processes.call(target, log, **arguments) == 0  # published already: nothing to do
    undisturbed = installations.copy(before.installation)
    assert undisturbed.run(studies=[CHANGED], route="api").state == "success"
    proposals.refresh(installation.engine)  # as the end of a run does
    assert differences(star_digest(installation.engine), star_digest(undisturbed.engine)) == []
    _assert_accounts(installation)


def _stored(installation: Installation) -> dict[str, str | None]:
    """Place and writer of every row of each table of history: all that the star shows.

    Not what tried to replace it: a killed transaction leaves its number at the rows that it locked.
    """
    tables = installation.query("select tablename from pg_tables where schemaname = 'history' order by 1")
    each = (
        f"select '{name}', md5(string_agg(concat_ws(' ', ctid, xmin), ',' order by ctid)) from history.{name}"
        for (name,) in tables
    )
    return dict(installation.query(" union all ".join(each)))


def _requested(sandbox: RunningSandbox) -> set[tuple[str, str]]:
    """Study and endpoint of the requests, without those of discovery for release files."""
    found = (item for item in sandbox.requests() if "fileType" not in item["query"])
    return {(item["study"], item["endpoint"]) for item in found}


def _landed(installation: Installation) -> set[tuple[str, str]]:
    """Study and endpoint of the answers of the newest release that are landed."""
    return {
        (path.parents[2].name, path.name.removesuffix(".landed.json"))
        for path in installation.landing.glob(f"*/{NEWEST}/*/*.landed.json")
    }


def _assert_accounts(installation: Installation) -> None:
    """One ledger row per published load, one published load per study and release, nothing left over."""
    published = {
        load for (load,) in installation.query("select load_id from ops.load where state = 'published'")
    }
    ledger = [load for (load,) in installation.query("select load_id from ops.ledger")]
    assert sorted(ledger) == sorted(published)
    twice = installation.query(
        "select scope, release_version from ops.load where state = 'published'"
        " group by 1, 2 having count(*) > 1"
    )
    assert twice == []
    assert staging_tables(installation.engine) == []
    assert list(installation.landing.rglob("*.part")) == []
