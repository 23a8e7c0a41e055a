"""Which load does the work: an interrupted one for a day, then a new one."""

from __future__ import annotations

from datetime import date

from include.pipeline import planned_loads, run_ledger
from include.pipeline.work_decisions import Action, WorkDecision
from include.warehouse.load.fence import Attempt
from tests.support.warehouse import Warehouse

DECISION = WorkDecision("SDY1", "DR1", date(2020, 1, 2), Action.LOAD, "new study")


def test_an_interrupted_load_is_gone_on_with_for_a_day(warehouse: Warehouse) -> None:
    run, later = (Attempt.begin(warehouse.engine, name, "discover") for name in ("run", "later"))
    with warehouse.engine.begin() as connection:
        first, _ = planned_loads.load_for(connection, run, DECISION, None)
        assert planned_loads.load_for(connection, later, DECISION, None) == (first, True)
        connection.exec_driver_sql("update ops.load set created_at = now() - interval '25 hours'")
        second, resumed = planned_loads.load_for(connection, later, DECISION, None)
    assert second != first
    assert not resumed
    assert run_ledger.load(warehouse.engine, first).state == "failed"
