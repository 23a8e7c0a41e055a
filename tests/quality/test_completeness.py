"""Rows against another count: none at all closes the gate, another number warns, parts must be complete."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from include.quality.checks import Severity
from include.quality.completeness import compare_counts
from include.quality.outcome import Finding
from include.sources.immport.source import IMMPORT
from include.warehouse.load.staging_tables import StagedTables
from include.warehouse.schema.ops_tables import STAGED
from tests.support.warehouse import Warehouse, hai, small_study


def found(warehouse: Warehouse, staged: dict[str, object], *results: dict[str, object]) -> list[Finding]:
    """Of a study with these HAI results, after a fetch that noted this."""
    load = warehouse.land({**small_study(), "hai": list(results)})
    warehouse.stage(load)
    statement = sa.update(STAGED).where(STAGED.c.load_id == load.load_id, STAGED.c.endpoint == "hai")
    with warehouse.engine.begin() as connection:
        connection.execute(statement.values(**staged))
        return list(compare_counts(connection, IMMPORT, StagedTables.read(connection, load.load_id)))


THREE = (hai(1), hai(2), hai(3))
COUNTED = {"expected_from": "SDY1-DR1_table_count.txt"}


def test_what_was_not_counted_is_not_judged(warehouse: Warehouse) -> None:
    assert found(warehouse, {"note": "as it came"}, *THREE) == []


def test_none_of_counted_rows_is_critical(warehouse: Warehouse) -> None:
    (finding,) = found(warehouse, {"rows_expected": 3, **COUNTED})
    assert (finding.check_id, finding.severity, finding.success, finding.unexpected_rows) == (
        "unexpected_empty", Severity.CRITICAL, False, 3,
    )  # fmt: skip
    assert finding.detail == "0 rows, 3 by another count (SDY1-DR1_table_count.txt)"


@pytest.mark.parametrize(("expected", "success"), [(3, True), (4, False), (2, False)])
def test_another_difference_is_a_warning(warehouse: Warehouse, expected: int, success: bool) -> None:
    (finding,) = found(warehouse, {"rows_expected": expected, **COUNTED}, *THREE)
    assert (finding.check_id, finding.severity, finding.success) == (
        "rows_expected", Severity.WARNING, success,
    )  # fmt: skip
    assert finding.unexpected_rows == abs(expected - 3)


def test_none_of_none_is_as_it_should_be(warehouse: Warehouse) -> None:
    (finding,) = found(warehouse, {"rows_expected": 0, **COUNTED})
    assert finding.success


@pytest.mark.parametrize(
    ("expected", "results", "success"),
    [
        (3, THREE, True),
        (4, THREE, False),
        (2, THREE, False),
        (None, THREE, False),
        (3, (*THREE[:2], hai(1)), False),
    ],
    ids=["whole", "too few", "too many", "uncounted", "twice"],
)
def test_parts_must_be_the_whole(
    warehouse: Warehouse, expected: int | None, results: tuple[dict[str, object], ...], success: bool
) -> None:
    (finding,) = found(warehouse, {"pieces": 2, "rows_expected": expected, **COUNTED}, *results)
    assert (finding.check_id, finding.severity, finding.success) == (
        "split_whole", Severity.CRITICAL, success,
    )  # fmt: skip


def test_the_gate_records_what_it_finds_and_closes(warehouse: Warehouse) -> None:
    load = warehouse.land({**small_study(), "hai": []})
    warehouse.stage(load)
    statement = sa.update(STAGED).where(STAGED.c.endpoint.in_(["hai", "arm"]))
    with warehouse.engine.begin() as connection:
        connection.execute(statement.values(rows_expected=5, **COUNTED))
    outcome = warehouse.judge(load)
    assert outcome.critical == [
        "hai: unexpected_empty (0 rows, 5 by another count (SDY1-DR1_table_count.txt))"
    ]
    query = "select endpoint, severity, success from quality.result where check_id = 'rows_expected'"
    assert warehouse.rows(query) == [("arm", "warning", False)]
