"""A dead service, packages issued again, studies that are restricted: as runs meet them over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from include.sources.immport.endpoints import SERVED
from tests.end_to_end.worlds import CANARY, NEWEST
from tests.support.runs import Installation, Installations
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.star import staging_tables

TRIES = 3  # of the hook, as the installation's connection says


@pytest.fixture(scope="module")
def _few() -> Iterator[RunningSandbox]:
    with running_sandbox(studies=5, rows=10, api_key=CANARY) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def few_loaded(installations: Installations, _few: RunningSandbox) -> Installation:
    """Four studies at the newest release, of which some were last changed before."""
    installation = installations.fresh(_few)
    run = installation.run()
    assert run.state == "success", run.log[-4000:]
    return installation


@pytest.fixture
def few(_few: RunningSandbox, few_loaded: Installation) -> RunningSandbox:
    """The few, all open; the requests that loaded them are forgotten."""
    _few.clear_faults()
    _few.open_studies()
    _few.clear_requests()
    return _few


def counts(installation: Installation) -> dict[str, int]:
    """Results of each study, as the star shows them now."""
    return dict(
        installation.query(
            "select study_accession, count(*) from star.fact_assay_result"
            " join star.dim_study using (study_key) group by 1"
        )
    )


@pytest.mark.long
def test_a_dead_service_fails_one_run_after_few_calls(
    installations: Installations, wide: RunningSandbox
) -> None:
    installation = installations.fresh(wide)
    for name in SERVED:
        wide.fault(name, "503")
    run = installation.run(retries=1)
    assert run.state == "failed"
    assert set(installation.states().values()) == {"failed"}
    assert len(installation.states()) == 16
    requested = [request["endpoint"] for request in wide.requests()]
    dead = [name for name in requested if name in SERVED]
    # Sixteen studies, and requests for three: each for its manifest, then once for the study itself.
    assert len(dead) == 3 * (TRIES + 1)
    ((state, failures, error),) = installation.query("select state, failures, error from ops.circuit")
    assert (state, failures) == ("open", 3)
    assert "HTTP 503" in error
    errors = [text for (text,) in installation.query("select error from ops.load")]
    assert all("the circuit is open since" in text or "HTTP 503" in text for text in errors)
    assert sum("no request sent" in text for text in errors) >= 13
    # The service is back: the next run finds out by its first call, whatever the circuit says.
    wide.clear_faults()
    studies = sorted(installation.states())[:2]
    again = installation.run(studies=studies)
    assert again.state == "success", again.log[-4000:]
    assert installation.one("select state from ops.circuit") == "closed"


@pytest.mark.long
def test_a_service_that_cannot_be_reached_says_so(installations: Installations, wide: RunningSandbox) -> None:
    installation = installations.fresh(replace(wide, url="http://127.0.0.1:9"))
    run = installation.run()
    assert run.state == "failed"
    assert "search: no connection" in run.log
    assert "discovery did not finish" in run.log
    assert installation.one("select count(*) from ops.load") == 0


@pytest.mark.long
def test_a_package_issued_again_is_loaded_at_its_own_release(
    installations: Installations, few_loaded: Installation, few: RunningSandbox
) -> None:
    installation = installations.copy(few_loaded)
    study = installation.one(
        "select min(scope) from ops.scope where listed_version <> :newest and state = 'current'",
        newest=NEWEST,
    )
    few.reissue(study, NEWEST)
    assert installation.run().state == "success"
    assert {request["endpoint"] for request in few.requests()} == {
        "search",
        "restrictedStudyAccessions",
    }
    run = installation.run(check_files=True)
    assert run.state == "success", run.log[-4000:]
    work = installation.query(
        "select scope, release_version, reason from ops.work where run_id = :run and action <> 'keep'",
        run=run.run_id,
    )
    assert [row[:2] for row in work] == [(study, NEWEST)]
    assert work[0][2].startswith(f"release files of {NEWEST} are new: {study}-{NEWEST}_Tab.zip")
    changed = (
        "select sum(added), sum(corrected) > 0, sum(withdrawn) from ops.release_change c join ops.load l"
    )
    changed += " using (load_id) where scope = :study and release_version = :newest"
    changed += " and relation like 'fact%'"
    assert installation.query(changed, study=study, newest=NEWEST) == [(0, True, 0)]
    again = installation.run(check_files=True)
    assert again.state == "success"
    assert installation.query(
        "select distinct action from ops.work where run_id = :run", run=again.run_id
    ) == [("keep",)]


def test_a_restricted_study_goes_and_comes_back_once(
    installations: Installations, few_loaded: Installation, few: RunningSandbox
) -> None:
    installation = installations.copy(few_loaded)
    before = counts(installation)
    study = min(before)
    few.restrict(study)
    run = installation.run()
    assert run.state == "success", run.log[-4000:]
    assert counts(installation) == {name: number for name, number in before.items() if name != study}
    ((withdrawn, reason),) = installation.query("select study_accession, reason from star.study_withdrawal")
    assert withdrawn == study
    assert reason.startswith("restricted: ")
    few.restrict("SDY999999")  # a list that names others
    first = installation.run()
    assert first.state == "failed"  # one run that does not find it on the list opens nothing
    assert "a second run has to see that" in first.log
    assert counts(installation) == {name: number for name, number in before.items() if name != study}
    run = installation.run()
    assert run.state == "success", run.log[-4000:]
    assert counts(installation) == before
    few.open_studies()
    assert installation.one("select returned_at from star.study_withdrawal") is not None
    assert staging_tables(installation.engine) == []


@pytest.mark.long
def test_a_list_of_restricted_studies_that_fails_changes_nothing(
    installations: Installations, few_loaded: Installation, few: RunningSandbox
) -> None:
    installation = installations.copy(few_loaded)
    few.fault("restrictedStudyAccessions", "503")
    run = installation.run()
    assert run.state == "success", run.log[-4000:]
    note = installation.one("select note from ops.run where run_id = :run", run=run.run_id)
    assert "restrictedStudyAccessions: HTTP 503" in note
    assert installation.one("select count(*) from ops.scope where state <> 'current'") == 0
