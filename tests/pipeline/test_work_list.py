"""The work list: how many studies a task brings on."""

from __future__ import annotations

from datetime import date

import pytest

from immport_provider.operators.discover import LEAST_TASKS, MOST_TASKS, ROWS_PER_TASK
from include.pipeline import work_list
from include.pipeline.work_decisions import Action, WorkDecision
from include.warehouse.load.fence import Attempt
from tests.support.warehouse import Warehouse


@pytest.mark.parametrize(
    ("rows", "sizes"),
    [
        ([20] * 1000, [91] * 10 + [90]),  # a study costs something, however few its rows are
        ([20] * 300, [75] * 4),  # as many tasks as workers of a small machine, at least
        ([3_000_000, *[20] * 10], [1, 4, 3, 3]),  # the large one by itself
        ([0], [1]),
    ],
)
def test_small_studies_are_spread_over_tasks_by_their_number(
    rows: list[int], sizes: list[int], warehouse: Warehouse
) -> None:
    run = Attempt.begin(warehouse.engine, "d/run", "discover")
    decisions = [
        WorkDecision(f"SDY{number}", "DR1", date(2020, 1, 2), Action.LOAD, "new study", expected_rows=count)
        for number, count in enumerate(rows, 1)
    ]
    work_list.write(warehouse.engine, run, decisions, {})
    made, withdrawals = work_list.work_of(warehouse.engine, "d/run", ROWS_PER_TASK, MOST_TASKS, LEAST_TASKS)
    assert sorted(len(batch["studies"]) for batch in made) == sorted(sizes)
    assert withdrawals == []
