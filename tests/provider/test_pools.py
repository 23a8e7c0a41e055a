"""The pools: every one that a DAG names is declared; set-up makes them, a part that starts checks them."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

from immport_provider.pools import API, POOLS, UPLOADS
from tests.support.runs import Processes

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return DagBag(dag_folder=str(ROOT / "dags"))


def test_tasks_that_call_the_api_and_no_others_are_in_its_pool(bag: DagBag) -> None:
    pools = {(dag.dag_id, task.task_id): task.pool for dag in bag.dags.values() for task in dag.tasks}
    callers = {
        ("immport_release", "discover"),
        ("immport_release", "load.extract"),
        ("immport_vocabularies", "discover"),
        ("immport_vocabularies", "load.extract"),
    }
    assert {task for task, pool in pools.items() if pool == API.name} >= callers
    assert set(pools.values()) <= {"default_pool", *(item.name for item in POOLS)}
    steps = {"load.stage", "load.check", "load.publish", "withdraw", "finish"}
    assert {pools["immport_release", step] for step in steps} == {"default_pool"}


def test_missing_pools_are_made_and_changed_sizes_stay(processes: Processes, tmp_path: Path) -> None:
    def slots() -> dict[str, int]:
        with sqlite3.connect(processes.home / "airflow.db") as database:
            return dict(database.execute("select pool, slots from slot_pool").fetchall())

    def ensure() -> dict[str, int]:
        assert processes.call("immport_provider.pools:ensure", tmp_path / "log") == 0
        found = slots()
        found.pop("default_pool")
        return found

    declared = {item.name: item.slots for item in POOLS}
    assert declared == {"immport_api": 4, "immport_files": 2, "immport_uploads": 2}
    assert ensure() == declared
    with sqlite3.connect(processes.home / "airflow.db") as database:
        database.execute("update slot_pool set slots = 1 where pool = 'immport_api'")
        database.execute("delete from slot_pool where pool = 'immport_files'")
    assert ensure() == {**declared, "immport_api": 1}


def test_a_starting_part_of_airflow_names_what_is_missing_and_makes_nothing(
    processes: Processes, tmp_path: Path
) -> None:
    assert processes.call("immport_provider.pools:ensure", tmp_path / "log") == 0
    with sqlite3.connect(processes.home / "airflow.db") as database:
        database.execute("delete from slot_pool where pool = 'immport_files'")
    assert processes.call("tests.provider.test_pools:start_a_job", tmp_path / "log") == 0
    log = (tmp_path / "log").read_text()
    assert "the pool immport_files is missing" in log
    assert "python -m immport_provider.pools" in log
    assert "the pool immport_api is missing" not in log
    with sqlite3.connect(processes.home / "airflow.db") as database:
        found = {name for (name,) in database.execute("select pool from slot_pool")}
    assert found == {"default_pool", API.name, UPLOADS.name}


def start_a_job() -> None:
    """What a scheduler does first, in a process with Airflow's database."""
    from airflow.jobs.job import Job

    Job()


def test_the_documented_commands_make_the_declared_pools() -> None:
    text = (ROOT / "docs/configuration.md").read_text()
    commands = re.findall(r'airflow pools set (\w+) (\d+) "(.*)"', text)
    assert commands == [(item.name, str(item.slots), item.about) for item in POOLS]
