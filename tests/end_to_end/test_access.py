"""Whole runs by a login that may load and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from include.warehouse.access.roles import ANALYST, LOADER
from tests.end_to_end.worlds import NEWEST
from tests.support.logins import Logins
from tests.support.runs import Installations
from tests.support.sandbox import RunningSandbox


@pytest.mark.long
def test_a_loader_runs_the_dags_and_an_analyst_reads_what_they_loaded(
    installations: Installations, small: RunningSandbox, logins: Logins
) -> None:
    small.set_release(NEWEST)
    fresh = installations.fresh(small)
    loader = logins.engine(fresh.url, LOADER, acts_as=LOADER)
    installation = replace(fresh, login=loader.url)
    studies = {"studies": ["SDY1001"], "types": ["protocol_file"]}
    for dag, options in (
        ("immport_vocabularies", {}),
        ("immport_release", {}),
        ("immport_release", {}),
        ("immport_backfill", {"dry_run": False, "studies": ["SDY1001"]}),
        ("immport_files", studies),
        ("warehouse_upkeep", {}),
    ):
        run = installation.run(dag=dag, **options)
        assert run.state == "success", (dag, run.log)
    assert installation.one("select count(*) from ops.file_download where state = 'present'") > 0
    assert set(installation.states().values()) == {"published"}
    query = (
        "select (select count(*) from star.fact_assay_result), (select count(*) from star.vocabulary_term)"
    )
    analyst = logins.engine(fresh.url, ANALYST)
    with analyst.connect() as connection:
        assert connection.execute(sa.text(query)).all() == installation.query(query)
        assert all(connection.execute(sa.text(query)).one())
    # Nothing that was made for the loads is left, and nothing else was made.
    owned = "select count(*) from pg_class where relowner = :loader ::regrole"
    assert installation.one(owned, loader=LOADER) == 0
    for engine in (loader, analyst):
        engine.dispose()
