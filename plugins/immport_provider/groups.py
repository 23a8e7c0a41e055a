"""What the DAGs share: how patient their tasks are, and the steps that take loads to the star."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import task_group

from immport_provider.operators.immport import (
    ImmPortCheckOperator,
    ImmPortExtractOperator,
    ImmPortPublishOperator,
    ImmPortStageOperator,
)
from immport_provider.pools import API

#: Root of the landing zone.
LANDING = "{{ var.value.immport_landing }}"

#: Together about a quarter of an hour: longer than a restart of the API server.
PATIENT: dict[str, Any] = {
    "retries": 4,
    "retry_delay": timedelta(minutes=1),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=15),
}


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
