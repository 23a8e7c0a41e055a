"""What the DAGs share: how patient their tasks are, and the steps that take loads to the star."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task_group

from immport_provider.operators.load_steps import (
    ImmPortCheckOperator,
    ImmPortExtractOperator,
    ImmPortPublishOperator,
    ImmPortStageOperator,
)
from immport_provider.pools import API

#: Root of the landing zone.
LANDING = "{{ var.value.immport_landing }}"

#: A task that takes longer hangs: Airflow ends it, and what it did not do is tried again.
LONGEST_TASK = timedelta(hours=6)
#: The waits are together about a quarter of an hour: longer than a restart of the API server.
RETRY_DEFAULTS: dict[str, Any] = {
    "execution_timeout": LONGEST_TASK,
    "retries": 4,
    "retry_delay": timedelta(minutes=1),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=15),
}


def limit(dag: DAG) -> None:
    """Give a DAG the time that its longest chain of tasks may take, each task once; then its run is ended.

    Called last, when all tasks are there. A run that hangs would keep every later one waiting.
    """
    lengths: dict[str, int] = {}
    for task in dag.topological_sort():
        lengths[task.task_id] = 1 + max((lengths[name] for name in task.upstream_task_ids), default=0)
    dag.dagrun_timeout = LONGEST_TASK * max(lengths.values())


@task_group
def load(load_ids: list[int], accept_vanished: str, extract: dict[str, Any]) -> None:
    """Bring one batch of studies to the star.

    :param extract: further arguments of the extract operator.
    """
    # A load that failed is passed over by the steps that follow: the others of its batch go on.
    shared: dict[str, Any] = {
        "load_ids": load_ids,
        "landing": LANDING,
        "accept_vanished": accept_vanished,
    }
    fetched = ImmPortExtractOperator(task_id="extract", pool=API.name, **shared, **extract)
    stage = ImmPortStageOperator(task_id="stage", trigger_rule="all_done", **shared)
    check = ImmPortCheckOperator(task_id="check", trigger_rule="all_done", **shared)
    publish = ImmPortPublishOperator(task_id="publish", trigger_rule="all_done", **shared)
    fetched >> stage >> check >> publish
