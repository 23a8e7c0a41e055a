"""Staging tables are removed once no load needs them."""

from __future__ import annotations

from include.pipeline import run_ledger
from include.warehouse.load import staging_cleanup
from tests.support.warehouse import Warehouse, small_study


def test_staging_of_a_failed_load_goes_and_that_of_an_open_one_stays(warehouse: Warehouse) -> None:
    failed, waiting = warehouse.land(small_study()), warehouse.land(small_study(), "DR2")
    for load in (failed, waiting):
        warehouse.stage(load)
    run_ledger.set_state(warehouse.engine, failed, "failed", "for this test")
    with warehouse.engine.begin() as connection:
        staging_cleanup.drop_leftovers(connection)
    tables = "select distinct split_part(tablename, '_', 1) from pg_tables where schemaname = 'staging'"
    assert warehouse.rows(tables) == [(f"l{waiting.load_id}",)]
