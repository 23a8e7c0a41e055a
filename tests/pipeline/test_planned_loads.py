"""What a run finds of the runs before it: loads to go on with, books to close, staging to clear away."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from include.pipeline import planned_loads, run_ledger
from include.pipeline.work_decisions import Action, WorkDecision
from include.warehouse import migrate
from include.warehouse.load import staging_cleanup
from include.warehouse.load.fence import Attempt
from include.warehouse.schema import revision
from tests.support.warehouse import Warehouse, small_study

ASKED = WorkDecision("SDY1", "DR1", date(2020, 1, 2), Action.LOAD, "new study")


def test_an_interrupted_load_is_gone_on_with_for_a_day(warehouse: Warehouse) -> None:
    run, later = (Attempt.begin(warehouse.engine, name, "discover") for name in ("run", "later"))
    with warehouse.engine.begin() as connection:
        first, _ = planned_loads.load_for(connection, run, ASKED, None)
        assert planned_loads.load_for(connection, later, ASKED, None) == (first, True)
        connection.exec_driver_sql("update ops.load set created_at = now() - interval '25 hours'")
        second, resumed = planned_loads.load_for(connection, later, ASKED, None)
    assert second != first
    assert not resumed
    assert run_ledger.load(warehouse.engine, first).state == "failed"


def test_a_new_run_closes_the_book_of_a_killed_one(warehouse: Warehouse) -> None:
    run_ledger.start_run(warehouse.engine, "killed")
    run_ledger.start_run(warehouse.engine, "next")
    run_ledger.start_run(warehouse.engine, "next")  # another try of the same run
    states = warehouse.rows("select run_id, state from ops.run where run_id in ('killed', 'next') order by 1")
    assert states == [("killed", "failed"), ("next", "running")]


def test_staging_of_a_failed_load_goes_and_that_of_an_open_one_stays(warehouse: Warehouse) -> None:
    failed, waiting = warehouse.land(small_study()), warehouse.land(small_study(), "DR2")
    for load in (failed, waiting):
        warehouse.stage(load)
    run_ledger.set_state(warehouse.engine, failed, "failed", "for this test")
    with warehouse.engine.begin() as connection:
        staging_cleanup.drop_leftovers(connection)
    tables = "select distinct split_part(tablename, '_', 1) from pg_tables where schemaname = 'staging'"
    assert warehouse.rows(tables) == [(f"l{waiting.load_id}",)]


def test_an_outdated_warehouse_is_refused(database: sa.URL) -> None:
    engine = sa.create_engine(database, poolclass=sa.NullPool)
    with pytest.raises(revision.OutdatedWarehouseError, match="revision none"):
        revision.require_current(engine)
    migrate.upgrade(database, "0001")
    with pytest.raises(revision.OutdatedWarehouseError, match="revision 0001"):
        revision.require_current(engine)
    migrate.upgrade(database)
    revision.require_current(engine)
