"""The example DAGs: each operator is in one, each is whole, and no Airflow loads them by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag

from immport_provider.operators.base import WarehouseOperator
from tests.provider.test_operators import operators

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "plugins/immport_provider/example_dags"
#: What several operators share.
SHARED = {
    "ImmPortOperator",
    "AfterLoadsOperator",
    "ImmPortBatchOperator",
    "ImmPortFilesOperator",
    "SubmissionOperator",
    "SubmittingOperator",
    "CheckingOperator",
}


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return DagBag(dag_folder=str(FOLDER))


def test_every_example_gives_one_dag_named_as_its_file(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert {Path(dag.fileloc).stem: dag.dag_id for dag in bag.dags.values()} == {
        path.stem: path.stem for path in FOLDER.glob("*.py")
    }


def test_every_operator_has_an_example(bag: DagBag) -> None:
    tasks: list[Any] = [task for dag in bag.dags.values() for task in dag.tasks]
    shown = {(task.operator_class if task.is_mapped else type(task)).__name__ for task in tasks}
    assert {kind.__name__ for kind in operators()} - SHARED - shown == set()


def test_examples_say_which_operators_they_show_and_end(bag: DagBag) -> None:
    for dag in bag.dags.values():
        assert dag.dagrun_timeout, dag.dag_id
        assert "example" in dag.tags, dag.dag_id
        assert dag.doc_md, dag.dag_id
        task: Any
        for task in dag.tasks:
            assert task.execution_timeout, f"{dag.dag_id}: {task.task_id}"
            if isinstance(task, WarehouseOperator):
                assert task.retries, f"{dag.dag_id}: {task.task_id}"


def test_no_dags_folder_holds_them() -> None:
    assert not FOLDER.is_relative_to(ROOT / "dags")
