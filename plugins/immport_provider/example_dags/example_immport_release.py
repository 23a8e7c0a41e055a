"""Example: load the studies that a data release changed, with a choice of your own of what is loaded.

Operators: discover, extract, stage, check, publish, withdraw, announce, finish.
"""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from immport_provider.groups import LANDING, RETRY_DEFAULTS, limit
from immport_provider.operators.announce import ImmPortAnnounceOperator
from immport_provider.operators.discover import ImmPortDiscoverOperator
from immport_provider.operators.finish import ImmPortFinishOperator
from immport_provider.operators.load_steps import (
    ImmPortCheckOperator,
    ImmPortExtractOperator,
    ImmPortPublishOperator,
    ImmPortStageOperator,
    ImmPortWithdrawOperator,
)
from immport_provider.pools import API

with DAG(
    dag_id="example_immport_release",
    description="Loads two studies, step by step, without the task group of immport_release",
    doc_md=__doc__,
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    tags=["example", "immport"],
    default_args=RETRY_DEFAULTS,
) as dag:
    discover = ImmPortDiscoverOperator(
        task_id="discover", pool=API.name, landing=LANDING, studies=["SDY180", "SDY296"]
    )
    # One task for all loads instead of mapped ones.
    all_loads = "{{ ti.xcom_pull(task_ids='discover') | map(attribute='load_ids') | sum(start=[]) }}"
    extract = ImmPortExtractOperator(task_id="extract", pool=API.name, landing=LANDING, load_ids=all_loads)
    stage = ImmPortStageOperator(task_id="stage", landing=LANDING, load_ids=all_loads)
    check = ImmPortCheckOperator(task_id="check", landing=LANDING, load_ids=all_loads)
    publish = ImmPortPublishOperator(task_id="publish", landing=LANDING, load_ids=all_loads)
    withdraw = ImmPortWithdrawOperator(
        task_id="withdraw",
        landing=LANDING,
        load_ids="{{ ti.xcom_pull(task_ids='discover', key='withdrawals') }}",
    )
    announce = ImmPortAnnounceOperator(task_id="announce", trigger_rule="all_done")
    finish = ImmPortFinishOperator(task_id="finish", landing=LANDING, trigger_rule="all_done")
    discover >> extract >> stage >> check >> publish >> announce >> finish
    discover >> withdraw >> announce
    limit(dag)
