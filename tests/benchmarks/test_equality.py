"""What was loaded is compared with what was generated: a row missing, too many or altered is seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.equality import UnequalError, require_equal
from benchmarks.generated import Answer, read_answer
from include.sources.immport.endpoints import ENDPOINTS
from tests.support.warehouse import Study, Warehouse, small_study


def answers(rows: Study, folder: Path) -> list[Answer]:
    """The rows of a study as a source would answer them."""
    found = []
    for name, items in rows.items():
        body = folder / f"{name}.body"
        body.write_text(json.dumps(items))
        found.append(read_answer(ENDPOINTS[name], body))
    return found


def test_a_star_that_holds_what_was_generated_is_equal(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.load(small_study())
    assert require_equal(warehouse.engine, answers(small_study(), tmp_path)) >= 3
    with warehouse.engine.connect() as connection:
        assert connection.exec_driver_sql("select to_regnamespace('generated')").scalar_one() is None


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("update history.fact_hai set value_reported = '1' where result_id = 1", "fact_hai, missing"),
        ("delete from history.fact_hai where result_id = 1", "fact_hai, missing"),
        ("update history.fact_hai set result_id = 99 where result_id = 1", "fact_hai, too many"),
        ("update history.fact_hai set subject_key = 0 where result_id = 1", "fact_hai, missing"),
    ],
)
def test_any_difference_is_seen(change: str, what: str, warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.load(small_study())
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(change)
    with pytest.raises(UnequalError, match=what):
        require_equal(warehouse.engine, answers(small_study(), tmp_path))
