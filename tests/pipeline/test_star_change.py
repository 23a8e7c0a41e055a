"""What a run changed in the star."""

from __future__ import annotations

from include.pipeline.star_change import StarChange, star_change
from tests.support.warehouse import RUN, Warehouse, small_study


def test_nothing_is_changed_by_a_run_that_published_nothing(warehouse: Warehouse) -> None:
    warehouse.open_load("SDY1", "DR1", "fetch")
    assert star_change(warehouse.engine, RUN) is None


def test_what_was_published_is_named_with_its_newest_release_and_rows(warehouse: Warehouse) -> None:
    warehouse.load(small_study(), "DR9")
    warehouse.load({**small_study(), "hai": small_study()["hai"][:2]}, "DR10")
    rows = "select sum(added + corrected + withdrawn) from ops.release_change"
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(f"update ops.load set run_id = '{RUN}'")
    assert star_change(warehouse.engine, RUN) == StarChange("DR10", ("SDY1",), int(warehouse.value(rows)))
    assert star_change(warehouse.engine, "immport_release/another") is None
