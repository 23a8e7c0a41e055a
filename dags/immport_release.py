"""Loads what ImmPort's data releases changed into the warehouse, study by study."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import DAG, Param, task_group

from immport_provider.operators.immport import (
    ImmPortCheckOperator,
    ImmPortDiscoverOperator,
    ImmPortExtractOperator,
    ImmPortFinishOperator,
    ImmPortPublishOperator,
    ImmPortStageOperator,
    ImmPortWithdrawOperator,
)
from immport_provider.pools import API

LANDING = "{{ var.value.immport_landing }}"
ACCEPT_VANISHED = "{{ params.accept_vanished }}"

with DAG(
    dag_id="immport_release",
    description=__doc__,
    doc_md="""
One run asks ImmPort for its studies, compares their data releases with what the warehouse holds, and
loads, study by study, what is new or changed. A study that fails leaves the others alone; the run then
fails at its end and says which.

Connections: `immport_default` (type ImmPort), `warehouse_default` (type Postgres).
Variable: `immport_landing`, a folder or an object storage URL.
Pool: `immport_api`; without it no task is ever started (`python -m immport_provider.pools` makes it).
""",
    schedule="0 5 * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    tags=["immport"],
    default_args={
        # Together about a quarter of an hour: longer than a restart of the API server.
        "retries": 4,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=15),
    },
    params={
        "studies": Param(
            [],
            type="array",
            items={"type": "string", "pattern": "^SDY\\d+$"},
            description="Only these studies; all when empty",
        ),
        "force": Param(False, type="boolean", description="Load studies that did not change, too"),
        "approve_withdrawals": Param(
            False, type="boolean", description="Withdraw however many studies are no longer listed"
        ),
        "max_withdrawn_share": Param(
            0.1,
            type="number",
            minimum=0,
            maximum=1,
            description="Share of the studies that may be withdrawn unasked",
        ),
        "check_files": Param(
            False, type="boolean", description="Look at the release files of every study, too"
        ),
        "accept_vanished": Param(
            False, type="boolean", description="Publish studies that lost many of their results"
        ),
        "replay": Param(False, type="boolean", description="Load what was landed before, without ImmPort"),
        "replay_until": Param(
            None,
            type=["null", "string"],
            pattern="^DR\\d{1,5}(\\.\\d{1,2})?$",
            description="Newest release to replay",
        ),
    },
) as dag:
    discover = ImmPortDiscoverOperator(
        task_id="discover",
        pool=API.name,
        landing=LANDING,
        studies="{{ params.studies }}",
        force="{{ params.force }}",
        approve_withdrawals="{{ params.approve_withdrawals }}",
        max_withdrawn_share="{{ params.max_withdrawn_share }}",
        check_files="{{ params.check_files }}",
        replay="{{ params.replay }}",
        replay_until="{{ params.replay_until }}",
    )

    @task_group
    def load(load_ids: list[int]) -> None:
        """Bring one batch of studies to the star."""
        # A load that failed is passed over by the steps that follow: the others of its batch go on.
        shared: dict[str, Any] = {
            "load_ids": load_ids,
            "landing": LANDING,
            "accept_vanished": ACCEPT_VANISHED,
        }
        extract = ImmPortExtractOperator(task_id="extract", pool=API.name, **shared)
        stage = ImmPortStageOperator(task_id="stage", trigger_rule="all_done", **shared)
        check = ImmPortCheckOperator(task_id="check", trigger_rule="all_done", **shared)
        publish = ImmPortPublishOperator(task_id="publish", trigger_rule="all_done", **shared)
        extract >> stage >> check >> publish

    withdraw = ImmPortWithdrawOperator(
        task_id="withdraw",
        load_ids="{{ ti.xcom_pull(task_ids='discover', key='withdrawals') }}",
        landing=LANDING,
    )
    finish = ImmPortFinishOperator(task_id="finish", landing=LANDING, trigger_rule="all_done")
    [load.expand(load_ids=discover.output), discover >> withdraw] >> finish
