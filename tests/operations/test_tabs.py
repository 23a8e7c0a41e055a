"""The tabs of a DAG and of a task instance."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.utils.session import create_session

from operations.pages.dag_tab import next_release
from tests.operations.conftest import Ledger, Pages
from tests.operations.test_studies import hold, put
from tests.support.warehouse import Warehouse

DAG = {"dag_id": "immport_release"}
TASK = {**DAG, "run_id": "run-1", "task_id": "load.check", "map_index": "0"}


def test_the_tab_of_a_dag_has_its_runs_and_how_fresh_its_source_is(
    pages: Pages, warehouse: Warehouse, ledger: Ledger
) -> None:
    hold(warehouse, "SDY1")
    put(warehouse, "SDY1", "DR8")
    ledger.begin("DR9")
    ledger.end("partial")
    text = pages.get("/tabs/dag", **DAG).text
    assert "partial" in text
    assert 'href="/dags/immport_release/runs/run-1"' in text
    assert "DR9" in text
    assert "late" not in pages.get("/tabs/dag", dag_id="warehouse_upkeep").text
    # What is here is behind what is listed.
    assert 'class="fact warn"' in text
    lines = list(csv.DictReader(io.StringIO(pages.get("/tabs/dag.csv", **DAG, state="partial").text)))
    assert [line["Release"] for line in lines] == ["DR9"]
    assert pages.get("/tabs/dag.csv", **DAG, state="failed").text.count("\n") == 1


@pytest.fixture
def planned(app: object) -> Iterator[str]:
    """A DAG that Airflow's scheduler knows."""
    name = "immport_gene_lists"
    with create_session() as session:
        session.add(DagBundleModel(name="dags-of-a-test"))
        session.flush()
        session.add(DagModel(dag_id=name, is_paused=False, bundle_name="dags-of-a-test"))
    yield name
    with create_session() as session:
        session.delete(session.get(DagModel, name))
        session.flush()
        session.delete(session.get(DagBundleModel, "dags-of-a-test"))


def test_the_next_run_is_what_airflow_has_planned(pages: Pages, planned: str) -> None:
    with create_session() as session:
        dag = session.get_one(DagModel, planned)
        dag.next_dagrun_create_after = datetime(2031, 1, 2, 3, tzinfo=UTC)
    assert "2031-01-02 03:00 UTC" in pages.get("/tabs/dag", dag_id=planned).text
    with create_session() as session:
        session.get_one(DagModel, planned).is_paused = True
    assert "Switch the DAG on" in pages.get("/tabs/dag", dag_id=planned).text


def test_a_release_is_expected_after_the_usual_interval() -> None:
    days = [date(2026, 1, 1), date(2026, 1, 31), date(2026, 3, 2), date(2026, 6, 1)]
    rows = [{"release_date": day} for day in reversed(days)]
    assert next_release(rows) == {"at": date(2026, 7, 1), "days": 30, "intervals": 3}
    assert next_release(rows[:2]) is None
    assert next_release([{"release_date": None}]) is None


def test_the_tab_of_a_task_has_its_studies(pages: Pages, ledger: Ledger) -> None:
    ledger.begin()
    number = ledger.work("SDY1", "load", "published")
    ledger.step("SDY1", "check", rows=7, load_id=number)
    ledger.work("SDY2", "load", "failed", error="no rows")
    ledger.step("SDY2", "check", "failed", message="CheckFailedError: no rows")
    ledger.step("SDY3", "stage", rows=3)
    ledger.end("partial")
    lines = list(csv.DictReader(io.StringIO(pages.get("/tabs/task.csv", **TASK).text)))
    assert [(line["Study"], line["Outcome"], line["Rows"]) for line in lines] == [
        ("SDY2", "failed", ""), ("SDY1", "done", "7")
    ]  # fmt: skip
    text = pages.get("/tabs/task", **TASK).text
    assert f'href="/warehouse/study?source=immport&amp;scope=SDY1&amp;load={number}"' in text
    assert pages.get("/tabs/task.csv", **{**TASK, "map_index": "1"}).text.count("\n") == 1
    assert pages.get("/tabs/task.csv", **TASK, search="norows").text.count("\n") == 1
    assert pages.get("/tabs/task.csv", **TASK, search="no rows").text.count("\n") == 2


def test_a_task_that_works_on_no_study_shows_its_run(pages: Pages, ledger: Ledger) -> None:
    ledger.begin()
    ledger.work("SDY1", "keep")
    ledger.end()
    text = pages.get("/tabs/task", **{**TASK, "task_id": "discover", "map_index": "-1"}).text
    assert "worked on no study by itself" in text
    assert "1 keep" in text
    assert "no record of this run" in pages.get("/tabs/task", **{**TASK, "run_id": "other"}).text
