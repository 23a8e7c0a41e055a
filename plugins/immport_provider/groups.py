"""What the DAGs share: how often their tasks are retried, and the steps that take loads to the star."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task_group
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from immport_provider.alerts import run_failed, run_is_late
from immport_provider.operators.load_steps import (
    ImmPortBatchOperator,
    ImmPortCheckOperator,
    ImmPortExtractOperator,
    ImmPortPublishOperator,
    ImmPortStageOperator,
)
from immport_provider.pools import API, ServicePool

#: Parts of the form that triggers a run.
WHAT, HOW, APPROVALS, REPAIR = "What to load", "Route", "Approvals", "Repair and replay"

#: Root of the landing zone.
LANDING = "{{ var.value.immport_landing }}"

#: Variable of the DAG processor's environment: `on` for deadline alerts. Airflow 3.3.2 cannot end a
#: `dag.test()` of a DAG that has a deadline, so that not every process may see one.
LATE_ALERTS = "IMMPORT_LATE_ALERTS"

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
#: Where more tasks wait than processes are free, those of ImmPort's studies go first: any other DAG's weigh
#: less, also with all that follow them.
STUDIES_FIRST: dict[str, Any] = {"priority_weight": 100}


def limit(dag: DAG) -> None:
    """Give a DAG the time that its longest chain of tasks may take, each task once; then its run is ended.

    Called last, when all tasks are there. A run that hangs would keep every later one waiting. The DAG
    reports a run that was ended so and, if `IMMPORT_LATE_ALERTS` requests it, one that is late.
    """
    chains: dict[str, timedelta] = {}
    for task in dag.topological_sort():
        before = max((chains[name] for name in task.upstream_task_ids), default=timedelta())
        # A task that waits for somebody keeps no worker, but the run goes on.
        waits = getattr(task, "longest_wait", timedelta())
        chains[task.task_id] = before + (task.execution_timeout or LONGEST_TASK) + waits
    longest = max(chains.values())
    dag.dagrun_timeout = longest
    dag.on_failure_callback = [*_listed(dag.on_failure_callback), run_failed]
    if os.environ.get(LATE_ALERTS) == "on":
        dag.deadline = [*_listed(dag.deadline), _late_after(longest / 2)]


def _late_after(time: timedelta) -> DeadlineAlert:
    """The alert of a run that goes on so long after its logical date.

    Not after it was queued: Airflow 3.3.2 then answers every clearing of such a run with an error.
    """
    reference = DeadlineReference.DAGRUN_LOGICAL_DATE
    return DeadlineAlert(reference, time, AsyncCallback(run_is_late, {"late_after": str(time)}), name="late")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def loading(extract_operator: type[ImmPortBatchOperator], pool: ServicePool) -> Any:
    """The task group that brings one batch to the star, for `expand_kwargs` of what discovery returns.

    :param extract_operator: the operator that lands a batch, the only step in which sources differ.
    :param pool: the pool of its tasks.
    """

    @task_group(group_id="load")
    def load(load_ids: list[int], studies: list[str], accept_vanished: str, extract: dict[str, Any]) -> None:
        """Bring one batch to the star.

        :param extract: further arguments of the extract operator.
        """
        # A load that failed is passed over by the steps that follow: the others of its batch go on.
        shared: dict[str, Any] = {
            "load_ids": load_ids,
            "studies": studies,
            "landing": LANDING,
            "accept_vanished": accept_vanished,
        }
        fetched = extract_operator(task_id="extract", pool=pool.name, **shared, **extract)
        stage = ImmPortStageOperator(task_id="stage", trigger_rule="all_done", **shared)
        check = ImmPortCheckOperator(task_id="check", trigger_rule="all_done", **shared)
        publish = ImmPortPublishOperator(task_id="publish", trigger_rule="all_done", **shared)
        fetched >> stage >> check >> publish

    return load


#: Of the DAGs that load studies.
load = loading(ImmPortExtractOperator, API)
