"""The upkeep DAG: green over whole loads, red with the names of what is broken."""

from __future__ import annotations

import pytest

from tests.end_to_end.worlds import Loaded
from tests.support.runs import Installation, Installations


@pytest.fixture
def installation(installations: Installations, after: Loaded) -> Installation:
    """Two releases of three studies, one of them withdrawn."""
    return installations.copy(after.installation)


def test_a_loaded_warehouse_passes(installation: Installation) -> None:
    run = installation.run(dag="warehouse_upkeep")
    assert run.state == "success", run.log[-4000:]
    assert run.tasks == {"analyze": "success", "audit": "success"}
    assert installation.one("select count(*) from quality.audit") > 100
    broken = "select check_id, relation, sample from quality.audit where failed_rows > 0"
    assert installation.query(f"{broken} and severity = 'critical'") == []
    assert installation.one("select count(distinct run_id) from quality.audit") == 1
    assert installation.one("select reltuples from pg_class where oid = 'history.dim_study'::regclass") > 0


def test_damage_fails_the_task_and_is_named_once(installation: Installation) -> None:
    with installation.engine.begin() as connection:
        connection.exec_driver_sql("update history.fact_hai set unit_key = 999999")
    run = installation.run(dag="warehouse_upkeep", retries=2)
    assert run.state == "failed"
    assert run.tasks == {"analyze": "success", "audit": "failed"}
    assert "2 checks of the audit are broken: key_exists:unit_key of fact_hai" in run.log
    broken = "select check_id, relation from quality.audit where failed_rows > 0 and severity = 'critical'"
    assert {tuple(row) for row in installation.query(broken)} == {
        ("key_exists:unit_key", "fact_hai"),
        ("unaltered", "fact_hai"),
    }
