"""The DAG of FHIR resources: from the stand-in to the star, killed at any step and run again."""

from __future__ import annotations

import pytest

from include.sources.fhir.vocabulary import TYPES
from tests.support.fhir import served, stored
from tests.support.runs import Installation, Installations, Kill
from tests.support.sandbox import RunningSandbox
from tests.support.star import staging_tables

pytestmark = pytest.mark.long

DAG, KILLED = "immport_fhir", -9
#: Where each run in turn dies. The run after it meets what that one left.
KILLS = (
    Kill("include.pipeline.work_list:write", statement=3),
    Kill("include.pipeline.fetched.pages:PagedAnswer._page", call=3, after=True),  # between two pages
    Kill("include.landing.zone:Landing.write_manifest", call=4),
    Kill("include.pipeline.steps:stage", call=2, after=True),
    Kill("include.warehouse.load.publish:drop_staging", call=3, after=True),  # all but COMMIT
    Kill("include.pipeline.steps:publish_load", call=2, after=True),  # committed, but not reported
    Kill("include.pipeline.report:finish"),
)


@pytest.fixture
def installation(installations: Installations, small: RunningSandbox) -> Installation:
    small.set_release("DR49.1")
    return installations.fresh(small)


def test_resources_come_by_their_dag_and_a_killed_run_is_made_good(installation: Installation) -> None:
    sandbox = installation.sandbox
    run = installation.run(dag=DAG)
    assert run.state == "success", run.log[-4000:]
    assert stored(installation.query) == served(sandbox)
    versions = "select xmin::text, * from history.fact_fhir_observation order by 1, 2, 3"
    before = installation.query(versions)
    assert installation.run(dag=DAG).state == "success"
    assert installation.query(versions) == before

    sandbox.set_release("DR50")
    for kill in KILLS:
        killed = installation.run(kill, dag=DAG)
        assert killed.exit == KILLED, f"{kill}: {killed.log[-4000:]}"
    run = installation.run(dag=DAG)
    assert run.state == "success", run.log[-4000:]
    assert stored(installation.query) == served(sandbox)
    current = "select scope from ops.scope where source = 'fhir' and state = 'current'"
    assert {scope for (scope,) in installation.query(current)} == set(TYPES)
    published = "select load_id from ops.load where state = 'published' order by 1"
    assert installation.query("select load_id from ops.ledger order by 1") == installation.query(published)
    assert staging_tables(installation.engine) == []
