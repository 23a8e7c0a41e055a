"""What the steps of loads were, as measurements."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from include.pipeline import run_ledger
from include.pipeline.call_record import Caller
from include.pipeline.run_ledger import Load
from include.sources.calls import CallCount
from include.telemetry import metrics
from include.telemetry.measurements import of_calls, of_step
from include.telemetry.metrics import Measurement, Metric
from include.warehouse.schema.ops_tables import QUARANTINE, QUARANTINED_VALUE, RESULT
from tests.support.warehouse import Warehouse, hai, small_study

RUN = "immport_release/1"


def step(warehouse: Warehouse, load: Load, name: str, state: str = "done", rows: int = 0) -> int:
    """The number of a step that has ended."""
    with run_ledger.step(warehouse.engine, RUN, load, name) as running:
        running.state, running.rows = state, rows
    return running.number


def measured(warehouse: Warehouse, number: int) -> dict[Metric, dict[tuple[str, ...], float]]:
    """The values of a step, by metric and tags."""
    found: dict[Metric, dict[tuple[str, ...], float]] = {}
    with warehouse.engine.connect() as connection:
        for item in of_step(connection, number):
            assert tuple(item.tags.values()) not in found.setdefault(item.metric, {}), "reported twice"
            found[item.metric][tuple(item.tags.values())] = item.value
    assert found.pop(metrics.DURATION).values()
    return found


def insert(warehouse: Warehouse, table: sa.Table, *rows: dict[str, Any]) -> None:
    with warehouse.engine.begin() as connection:
        connection.execute(sa.insert(table), list(rows))


@pytest.fixture
def load(warehouse: Warehouse) -> Load:
    return warehouse.ready(small_study(hai(1), hai(2)))


def test_a_staged_load_has_rows_by_endpoint(warehouse: Warehouse, load: Load) -> None:
    found = measured(warehouse, step(warehouse, load, "stage", rows=9))
    assert found[metrics.ROWS] == {("stage", "immport"): 9}
    assert found[metrics.RECEIVED]["immport", "hai"] == found[metrics.STAGED]["immport", "hai"] == 2
    assert ("immport", "elisa") not in found[metrics.STAGED]


def test_a_checked_load_has_what_was_quarantined(warehouse: Warehouse, load: Load) -> None:
    about = {
        "load_id": load.load_id, "scope": "SDY1", "release_version": "DR1", "endpoint": "hai",
        "rule": "key_repeated",
    }  # fmt: skip
    # A line of a package that is not a row, which broke two rules, and a row.
    broken = (("package_line", 4), ("key", 4), ("key", 5))
    insert(warehouse, QUARANTINE, *({**about, "rule": rule, "row_number": at} for rule, at in broken))
    values = [{**about, "row_number": 1, "field": field, "key": {}, "value": "x"} for field in ("a", "b")]
    insert(warehouse, QUARANTINED_VALUE, *values)
    result = {"load_id": load.load_id, "endpoint": "hai", "severity": "row", "success": False}
    insert(warehouse, RESULT, {**result, "check_id": "a"}, {**result, "check_id": "b"})
    found = measured(warehouse, step(warehouse, load, "check"))
    assert found == {
        metrics.QUARANTINED: {("immport", "hai"): 2},
        metrics.VALUES: {("immport", "hai"): 2},
        metrics.CHECKS: {("immport", "row"): 2},
    }


def test_a_published_load_has_rows_by_table_and_change(warehouse: Warehouse, load: Load) -> None:
    done = warehouse.publish(load)
    found = measured(warehouse, step(warehouse, load, "publish", rows=done.rows_written))
    assert found[metrics.PUBLISHED]["immport", "fact_hai", "added"] == 2
    assert sum(found[metrics.PUBLISHED].values()) == sum(
        item.added + item.corrected + item.withdrawn + item.unchanged for item in done.changes
    )


def test_a_failed_step_counts_as_a_failure(warehouse: Warehouse, load: Load) -> None:
    found = measured(warehouse, step(warehouse, load, "extract", state="failed"))
    assert found == {metrics.FAILURES: {("extract", "immport"): 1}}


def test_what_a_skipped_step_did_earlier_is_not_reported_again(warehouse: Warehouse, load: Load) -> None:
    warehouse.publish(load)
    for name in ("stage", "check", "publish"):
        assert measured(warehouse, step(warehouse, load, name, state="skipped")) == {}


def test_calls_have_step_host_and_endpoint() -> None:
    counts = {("host:1", "hai"): CallCount(5, 2, 3, 1, 700, 1.25, 1.0)}
    found = of_calls(Caller(RUN, "extract", "immport"), counts)
    tags = {"step": "extract", "source": "immport", "host": "host:1", "endpoint": "hai"}
    assert all(item.tags == tags for item in found)
    assert {item.metric: item.value for item in found} == {
        metrics.SENT: 5,
        metrics.RETRIES: 2,
        metrics.ERRORS: 3,
        metrics.REFUSALS: 1,
        metrics.BYTES: 700,
        metrics.CALLING: 1250,
    }


def test_a_measurement_has_the_tags_of_its_metric() -> None:
    with pytest.raises(ValueError, match=r"immport\.step\.rows has the tags"):
        Measurement(metrics.ROWS, 1, {"step": "stage"})
