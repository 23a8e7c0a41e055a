"""The DAG files: complete, cheap to parse, with retries that outlast a restart of Airflow's servers."""

from __future__ import annotations

import ast
import copy
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import (
    DAG,
    AssetOrTimeSchedule,
    BaseOperator,
    CronTriggerTimetable,
)
from airflow.sdk.definitions.deadline import DeadlineReference
from airflow.sdk.exceptions import AirflowFailException, ParamValidationError

from immport_provider import source_dag, source_switch
from immport_provider.alerts import run_failed
from immport_provider.assets import STAR
from immport_provider.groups import LATE_ALERTS
from immport_provider.operators.base import STUDIES_OF_TASK, WarehouseOperator
from include.warehouse.model.registry import SOURCES

#: Every source.
ALL = [model.source for model in SOURCES.values()]
ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "dags").glob("*.py"))
#: What a step needs seconds for, and a scheduler that only parses must not pay.
HEAVY = {
    "pandas",
    "great_expectations",
    "httpx",
    "psycopg2",
    "alembic",
    "pyarrow",
    "include.pipeline.steps",
    "include.pipeline.extract",
    "include.pipeline.downloads.download_batch",
}
#: An API server is back within this time after a restart.
RESTART = timedelta(minutes=5)
#: Parameters without which a run means nothing.
MUST_BE_GIVEN = {(name, "package") for name in ("immport_submit", "immport_batch_update", "immport_validate")}


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return DagBag(dag_folder=str(ROOT / "dags"))


@pytest.fixture(scope="module")
def dag(bag: DagBag) -> DAG:
    return bag.dags["immport_release"]


def test_every_file_gives_dags_without_an_error(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert {Path(dag.fileloc).name for dag in bag.dags.values()} == {path.name for path in FILES}


def test_ids_are_unique_over_all_files(bag: DagBag) -> None:
    written = [
        str(keyword.value.value)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "dag_id" and isinstance(keyword.value, ast.Constant)
    ]
    of_sources = [source_switch.dag_id(model.source) for model in SOURCES.values()]
    assert sorted([*written, *of_sources[1:]]) == sorted(bag.dags)


def test_every_dag_is_tagged_described_and_runs_once_at_a_time(bag: DagBag) -> None:
    for dag in bag.dags.values():
        assert dag.tags, dag.dag_id
        assert dag.description, dag.dag_id
        assert dag.doc_md, dag.dag_id
        assert dag.max_active_runs == 1, dag.dag_id
        assert dag.catchup is False, dag.dag_id


def test_retries_outlast_a_restart_of_the_api_server(bag: DagBag) -> None:
    for dag in bag.dags.values():
        task: Any
        for task in dag.tasks:
            assert isinstance(task.retry_delay, timedelta)
            waits = [
                task.retry_delay * (2**number if task.retry_exponential_backoff else 1)
                for number in range(task.retries)
            ]
            longest = task.max_retry_delay or timedelta.max
            assert sum((min(wait, longest) for wait in waits), timedelta()) > RESTART, task.task_id


def test_no_task_and_no_run_may_hang_for_ever(bag: DagBag) -> None:
    """A run has the time that each chain of its tasks may take, and no more than a few days."""
    for dag in bag.dags.values():
        assert dag.dagrun_timeout is not None, dag.dag_id
        assert dag.dagrun_timeout <= timedelta(days=3), dag.dag_id
        tasks: dict[str, Any] = {task.task_id: task for task in dag.tasks}
        for task in tasks.values():
            assert task.execution_timeout, task.task_id
            assert chain(tasks, task.task_id) <= dag.dagrun_timeout, task.task_id


def test_alerts_are_sent_of_a_run_that_was_ended_and_on_request_of_one_that_is_late(
    bag: DagBag, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [dag.dag_id for dag in bag.dags.values() if dag.deadline] == []
    monkeypatch.setenv(LATE_ALERTS, "on")
    parsed = DagBag(dag_folder=str(ROOT / "dags"))
    assert parsed.dags.keys() == bag.dags.keys()
    for dag in parsed.dags.values():
        assert dag.on_failure_callback == [run_failed], dag.dag_id
        alerts: Any = dag.deadline
        (late,) = alerts
        assert dag.dagrun_timeout is not None
        assert isinstance(late.interval, timedelta)
        assert timedelta(hours=1) < late.interval < dag.dagrun_timeout, dag.dag_id
        assert late.callback.path == "immport_provider.alerts.run_is_late"
        assert late.reference == DeadlineReference.DAGRUN_LOGICAL_DATE


def test_mapped_tasks_are_named_by_their_studies(bag: DagBag) -> None:
    found = 0
    for dag in bag.dags.values():
        task: Any
        for task in dag.tasks:
            if task.is_mapped or task.get_closest_mapped_task_group() is not None:
                found += 1
                template = (
                    task.partial_kwargs["map_index_template"] if task.is_mapped else task.map_index_template
                )
                assert template == STUDIES_OF_TASK, task.task_id
    # Of each DAG that loads: four steps; the downloads; and the counts of a dry run.
    assert found == 4 * (1 + len(SOURCES)) + 2


def test_the_star_is_an_asset_that_other_dags_are_scheduled_on(bag: DagBag) -> None:
    assert (STAR.name, STAR.uri.rstrip("/")) == ("immport://star", "immport://star")
    emitting = {dag.dag_id for dag in bag.dags.values() for task in dag.tasks if STAR in task.outlets}
    of_sources = {source_switch.dag_id(item) for item in source_switch.switched_on(ALL, None)}
    assert emitting == {"immport_release", "immport_backfill", *of_sources}
    waiting = {
        dag.dag_id
        for dag in bag.dags.values()
        if STAR in getattr(getattr(dag.timetable, "asset_condition", None), "objects", [])
    }
    assert waiting == {"immport_export", "warehouse_upkeep"}
    upkeep = bag.dags["warehouse_upkeep"].timetable
    assert isinstance(upkeep, AssetOrTimeSchedule)
    assert upkeep.timetable == CronTriggerTimetable("0 3 * * *", timezone="UTC")


def test_the_form_is_grouped_and_requires_nothing_that_may_be_empty(bag: DagBag) -> None:
    for dag in bag.dags.values():
        for name in dag.params:
            param = dag.params.get_param(name)
            assert param.schema.get("section"), f"{dag.dag_id}: {name}"
            # A type without null would be marked as one that must be filled in, whatever its default.
            is_needed = (dag.dag_id, name) in MUST_BE_GIVEN
            may_be_null = "null" in param.schema.get("type", ["null"])
            assert may_be_null is not is_needed, f"{dag.dag_id}: {name} must be filled in"
            assert "type" in param.schema or "enum" in param.schema, f"{dag.dag_id}: {name}"


def chain(tasks: dict[str, Any], task_id: str) -> timedelta:
    """What a task and those before it may take."""
    task = tasks[task_id]
    before = (chain(tasks, name) for name in task.upstream_task_ids)
    limit: timedelta = task.execution_timeout
    return limit + max(before, default=timedelta())


def test_parsing_imports_nothing_heavy() -> None:
    program = """
import importlib.util, sys, airflow.sdk
before = set(sys.modules)
for path in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("parsed", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
print(*sorted(set(sys.modules) - before))
"""
    command = [sys.executable, "-c", program, *map(str, FILES)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    loaded = set(done.stdout.split())
    assert "immport_provider.operators.load_steps" in loaded
    assert HEAVY & loaded == set()


def test_template_fields_are_attributes(bag: DagBag) -> None:
    task: Any
    for dag in bag.dags.values():
        for task in dag.tasks:
            assert task.template_fields, task.task_id
            made = task.unmap(dict.fromkeys(task.expand_input.value)) if task.is_mapped else task
            assert [name for name in task.template_fields if not hasattr(made, name)] == [], task.task_id


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("studies", ["SDY139; drop table"]),
        ("studies", "SDY139"),
        ("force", "yes"),
        ("max_withdrawn_share", 1.5),
        ("max_withdrawn_share", -0.1),
        ("replay_until", "newest"),
        ("replay_until", 50),
    ],
)
def test_params_refuse_what_they_do_not_mean(dag: DAG, name: str, value: Any) -> None:
    param = copy.copy(dag.params.get_param(name))  # resolving keeps the value
    with pytest.raises(ParamValidationError):
        param.resolve(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("studies", ["SDY139", "SDY2"]), ("replay_until", "DR49.1"), ("replay_until", None), ("force", True)],
)
def test_params_take_what_they_mean(dag: DAG, name: str, value: Any) -> None:
    assert copy.copy(dag.params.get_param(name)).resolve(value) == value


def test_defaults_approve_nothing_risky(dag: DAG) -> None:
    risky = ("force", "approve_withdrawals", "accept_vanished", "replay")
    assert {name: dag.params[name] for name in risky} == dict.fromkeys(risky, False)
    assert dag.params["max_withdrawn_share"] == 0.1


def test_steps_follow_each_other(dag: DAG) -> None:
    edges = {task.task_id: task.downstream_task_ids for task in dag.tasks}
    assert edges == {
        "discover": {"load.extract", "load.stage", "load.check", "load.publish", "withdraw"},
        "load.extract": {"load.stage"},
        "load.stage": {"load.check"},
        "load.check": {"load.publish"},
        "load.publish": {"announce"},
        "withdraw": {"announce"},
        "announce": {"finish"},
        "finish": set(),
    }


def test_steps_of_a_batch_go_on_after_a_failed_one(dag: DAG) -> None:
    rules = {task.task_id: task.trigger_rule.value for task in dag.tasks}
    assert {name for name, rule in rules.items() if rule == "all_done"} == {
        "load.stage",
        "load.check",
        "load.publish",
        "announce",
        "finish",
    }


def test_each_step_is_mapped_over_batches(dag: DAG) -> None:
    mapped = {task.task_id for task in dag.tasks if task.get_closest_mapped_task_group() is not None}
    assert mapped == {"load.extract", "load.stage", "load.check", "load.publish"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("studies", ["SDY139; drop table"]),
        ("types", ["result file"]),
        ("pattern", ""),
        ("max_bytes", -1),
        ("max_bytes", "all"),
        ("destination", 5),
        ("fcs_headers_only", "yes"),
        ("dry_run", "yes"),
    ],
)
def test_params_of_the_files_refuse_what_they_do_not_mean(bag: DagBag, name: str, value: Any) -> None:
    param = copy.copy(bag.dags["immport_files"].params.get_param(name))
    with pytest.raises(ParamValidationError):
        param.resolve(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("as_of", "newest"), ("as_of", "DR1; drop schema star"), ("as_of", 50), ("destination", 5)],
)
def test_params_of_the_export_refuse_what_they_do_not_mean(bag: DagBag, name: str, value: Any) -> None:
    param = copy.copy(bag.dags["immport_export"].params.get_param(name))
    with pytest.raises(ParamValidationError):
        param.resolve(value)


def test_downloads_are_mapped_and_the_book_is_closed_after_any_end(bag: DagBag) -> None:
    dag = bag.dags["immport_files"]
    edges = {task.task_id: task.downstream_task_ids for task in dag.tasks}
    assert edges == {"plan": {"download"}, "download": {"finish"}, "finish": set()}
    assert dag.get_task("finish").trigger_rule == "all_done"
    assert dag.get_task("download").is_mapped
    assert dag.params["max_bytes"] is not None, "nobody fetches everything by accident"


def test_the_log_of_every_failed_task_ends_with_what_happened(
    bag: DagBag, caplog: pytest.LogCaptureFixture
) -> None:
    """Airflow ends it with a traceback; the summary of a run would be lost above it."""
    tasks = [task for dag in bag.dags.values() for task in dag.tasks]
    for task in tasks:
        if not isinstance(task, BaseOperator):  # mapped: made when it runs, of the same class
            assert issubclass(task.operator_class, WarehouseOperator), task.task_id
            continue
        *_, last = task.on_failure_callback
        caplog.clear()
        last({"exception": AirflowFailException("partial: 1 failed\nSDY1 DR9: published without 2 rows")})
        assert caplog.messages == ["partial: 1 failed\nSDY1 DR9: published without 2 rows"], task.task_id


def test_a_source_that_is_switched_off_has_no_dag(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable names those that are on; without it, all are."""
    for named, expected in ((None, True), ("all", True), ("vocabularies", True), (" ", False)):
        monkeypatch.delenv("AIRFLOW_VAR_IMMPORT_SOURCES", raising=False)
        if named is not None:
            monkeypatch.setenv("AIRFLOW_VAR_IMMPORT_SOURCES", named)
        assert ("immport_vocabularies" in source_dag.source_dags(ALL)) is expected
    with pytest.raises(source_switch.UnknownSourceError, match="names lkSex: not a source; there are vocab"):
        source_switch.switched_on(ALL, "vocabularies, lkSex")


def test_the_form_of_a_source_takes_what_it_consists_of(bag: DagBag) -> None:
    dag = bag.dags["immport_vocabularies"]
    assert copy.copy(dag.params.get_param("vocabularies")).resolve(["lkSex"]) == ["lkSex"]
    with pytest.raises(ParamValidationError):
        copy.copy(dag.params.get_param("vocabularies")).resolve(["SDY1"])
    until = "2026-05-03T04:00:00Z"
    assert copy.copy(dag.params.get_param("replay_until")).resolve(until) == until
    with pytest.raises(ParamValidationError):
        copy.copy(dag.params.get_param("replay_until")).resolve("DR50")
