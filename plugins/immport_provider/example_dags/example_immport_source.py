"""Example: load two vocabularies of ImmPort each month, step by step, without the DAG of the declaration.

Operators: source discover, source extract.
"""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from immport_provider.groups import LANDING, RETRY_DEFAULTS, limit
from immport_provider.operators.finish import ImmPortFinishOperator
from immport_provider.operators.load_steps import (
    ImmPortCheckOperator,
    ImmPortPublishOperator,
    ImmPortStageOperator,
)
from immport_provider.operators.sources import SourceDiscoverOperator, SourceExtractOperator
from immport_provider.pools import API

with DAG(
    dag_id="example_immport_source",
    description="Loads two vocabularies each month, step by step",
    doc_md=__doc__,
    schedule="@monthly",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    tags=["example", "immport"],
    default_args=RETRY_DEFAULTS,
) as dag:
    discover = SourceDiscoverOperator(
        task_id="discover",
        pool=API.name,
        landing=LANDING,
        source="vocabularies",
        scopes=["lkSex", "lkVirusStrain"],
    )
    # One task for all loads instead of mapped ones.
    all_loads = "{{ ti.xcom_pull(task_ids='discover') | map(attribute='load_ids') | sum(start=[]) }}"
    extract = SourceExtractOperator(
        task_id="extract", pool=API.name, landing=LANDING, source="vocabularies", load_ids=all_loads
    )
    stage = ImmPortStageOperator(task_id="stage", landing=LANDING, load_ids=all_loads)
    check = ImmPortCheckOperator(task_id="check", landing=LANDING, load_ids=all_loads)
    publish = ImmPortPublishOperator(task_id="publish", landing=LANDING, load_ids=all_loads)
    finish = ImmPortFinishOperator(task_id="finish", landing=LANDING, trigger_rule="all_done")
    discover >> extract >> stage >> check >> publish >> finish
    limit(dag)
