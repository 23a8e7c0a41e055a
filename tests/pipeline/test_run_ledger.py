"""The run ledger: a run that was killed is closed by the next."""

from __future__ import annotations

import pytest

from include.pipeline import run_ledger
from tests.support.warehouse import Warehouse


def test_a_new_run_closes_the_book_of_a_killed_one(warehouse: Warehouse) -> None:
    run_ledger.start_run(warehouse.engine, "immport_release/killed")
    run_ledger.start_run(warehouse.engine, "immport_release/next")
    run_ledger.start_run(warehouse.engine, "immport_release/next")  # another try of the same run
    states = warehouse.rows("select run_id, state from ops.run order by state")
    assert states == [("immport_release/killed", "failed"), ("immport_release/next", "running")]


def test_a_run_without_the_name_of_its_dag_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(ValueError, match="run 'manual' has no key such as immport_release/manual"):
        run_ledger.start_run(warehouse.engine, "manual")
