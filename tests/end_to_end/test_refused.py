"""An answer that the source refuses for good costs what its endpoint's declaration withholds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from include.pipeline import report
from include.warehouse.model.registry import IMMPORT_MODEL
from tests.end_to_end.worlds import BEFORE, CHANGED, NEWEST, Loaded
from tests.support.runs import Installation, Installations
from tests.support.sandbox import RunningSandbox
from tests.support.star import differences, star_digest

#: What is refused, how, and what the record says of it.
REFUSED = {
    "link": ({"fault": "400"}, "HTTP 400"),
    "manifest": ({"fault": "404"}, "HTTP 404"),
    "pubmed": ({"fault": "html"}, "(3 tries)"),
    "summary": ({"fault": "500"}, "HTTP 500 (3 tries)"),
}


@pytest.fixture
def strict(small: RunningSandbox) -> Iterator[RunningSandbox]:
    """The small world at its newest release, while it refuses for one study what no result waits for."""
    small.set_release(NEWEST)
    for endpoint, (fault, _) in REFUSED.items():
        small.fault(endpoint, study=CHANGED, **fault)
    yield small
    small.clear_faults()


def withheld(installation: Installation) -> list[tuple[Any, ...]]:
    return installation.query("""
        select l.scope, s.endpoint, s.withheld, s.refused, s.is_known, s.rows_staged
        from ops.staged s join ops.load l using (load_id) join ops.run r using (run_id)
        where s.withheld is not null and r.started_at = (select max(started_at) from ops.run)
        order by 1, 2""")


def of_endpoint(installation: Installation, endpoint: str, study: str = CHANGED) -> list[list[Any]]:
    """What the star's tables made of an endpoint show of a study: no row where the endpoint is not known."""
    return [
        installation.query(
            f"select to_jsonb(h) - 'load_id' from history.{table.relation} h join history.key_study k"
            " using (study_key) where k.study_accession = :study order by 1",
            study=study,
        )
        for table in IMMPORT_MODEL.tables
        if table.endpoint == endpoint and any(c.name == "study_key" for c in table.columns)
    ]


@pytest.mark.long
@pytest.mark.parametrize("route", ["api", "auto", "package"])
def test_a_refused_listing_is_withheld_and_the_study_is_published(
    route: str, strict: RunningSandbox, before: Loaded, after: Loaded, installations: Installations
) -> None:
    installation = installations.copy(before.installation)
    run = installation.run(route=route)
    assert run.state == "success", run.log[-4000:]
    assert set(installation.states().values()) == {"published"}
    found = withheld(installation)
    # Without the manifest nobody knows the package: the run takes the API, and requests the others.
    assert [(study, endpoint) for study, endpoint, *_ in found] == [(CHANGED, name) for name in REFUSED]
    for _, endpoint, why, error, is_known, rows in found:
        assert f" {endpoint} of {CHANGED}" in error
        assert REFUSED[endpoint][1] in error
        assert why == f"answer_received ({error})"
        assert (is_known, rows) == (False, 0)
    assert installation.one(
        "select route_reason like 'the source refused the manifest%' from ops.load"
        " where scope = :study order by load_id desc limit 1",
        study=CHANGED,
    )
    # All of the results of the newest release, and the listing of the release before.
    results = "select result_id, value_reported from star.fact_hai join star.dim_study using (study_key)"
    assert sorted(installation.query(results)) == sorted(after.installation.query(results))
    for endpoint in REFUSED:
        assert of_endpoint(installation, endpoint) == of_endpoint(before.installation, endpoint)
    messages = dict(installation.query(
        "select distinct on (step) step, message from ops.step where scope = :study"
        " order by step, step_id desc", study=CHANGED,
    ))  # fmt: skip
    assert "refused by the source: link, manifest, pubmed, summary" in messages["extract"]
    assert "withheld, as they were before: link: answer_received (RequestError: " in messages["check"]
    # The next run asks again for what was refused, and for nothing else.
    strict.clear_faults()
    strict.clear_requests()
    assert installation.run(route="api").state == "success"
    assert {seen["study"] for seen in strict.requests() if seen["endpoint"] == "arm"} == {CHANGED}
    assert withheld(installation) == []
    if route == "api":
        assert differences(star_digest(installation.engine), after.digest) == []
    assert installation.run(route="api").state == "success"
    reasons = installation.query("""select distinct split_part(reason, ' since', 1) from ops.work
        join ops.run using (run_id) where started_at = (select max(started_at) from ops.run)""")
    assert reasons == [("unchanged",)]


@pytest.mark.long
def test_the_report_names_what_was_refused(
    strict: RunningSandbox, installations: Installations, capsys: pytest.CaptureFixture[str]
) -> None:
    """A study that is new: its tables stay empty, and whoever reads the report sees why."""
    installation = installations.fresh(strict)
    run = installation.run(route="api", studies=[CHANGED])
    assert run.state == "success", run.log[-4000:]
    assert report.print_report(installation.engine, [str(run.run_id)], Console(width=200)) == 0
    output = " ".join(capsys.readouterr().out.split())
    for endpoint in REFUSED:
        assert f"{CHANGED} {NEWEST} {endpoint}: withheld" in output
        assert not any(of_endpoint(installation, endpoint))


def test_an_endpoint_that_results_wait_for_still_fails_its_study(
    installations: Installations, small: RunningSandbox
) -> None:
    small.set_release(BEFORE)
    small.fault("arm", "404", study=CHANGED)
    installation = installations.fresh(small)
    assert installation.run(route="api").state == "failed"
    assert installation.states()[CHANGED] == "failed"
    assert "arm" in installation.one("select error from ops.load where scope = :study", study=CHANGED)
    assert withheld(installation) == []


@pytest.mark.long
def test_what_may_pass_is_tried_again_before_it_is_withheld(
    installations: Installations, small: RunningSandbox, before: Loaded
) -> None:
    """Each outlasts the tries of one call; the task tries once more and has all of them."""
    small.set_release(BEFORE)
    small.fault("pubmed", "503", study=CHANGED, times=3)
    installation = installations.fresh(small)
    run = installation.run(route="api", retries=1)
    assert run.state == "success", run.log[-4000:]
    assert withheld(installation) == []
    assert differences(star_digest(installation.engine), before.digest) == []


@pytest.mark.long
@pytest.mark.parametrize("fault", ["401", "403"])
def test_a_key_that_is_refused_withholds_more_than_an_endpoint(
    fault: str, installations: Installations, small: RunningSandbox
) -> None:
    small.set_release(BEFORE)
    small.fault("link", fault, study=CHANGED)
    installation = installations.fresh(small)
    assert installation.run(route="api", studies=[CHANGED]).state == "failed"
    assert installation.states() == {CHANGED: "failed"}
    assert withheld(installation) == []
