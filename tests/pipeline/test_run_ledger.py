"""The run ledger: a run that was killed is closed by the next."""

from __future__ import annotations

from include.pipeline import run_ledger
from tests.support.warehouse import Warehouse


def test_a_new_run_closes_the_book_of_a_killed_one(warehouse: Warehouse) -> None:
    run_ledger.start_run(warehouse.engine, "killed")
    run_ledger.start_run(warehouse.engine, "next")
    run_ledger.start_run(warehouse.engine, "next")  # another try of the same run
    states = warehouse.rows("select run_id, state from ops.run where run_id in ('killed', 'next') order by 1")
    assert states == [("killed", "failed"), ("next", "running")]
