"""Example: list the packages of older releases of one study, once a year, and load none.

Operator: backfill, by default a dry run. The DAG `immport_backfill` shows how its batches are loaded.
"""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from immport_provider.groups import LANDING, RETRY_DEFAULTS, limit
from immport_provider.operators.backfill import ImmPortBackfillOperator
from immport_provider.pools import API

with DAG(
    dag_id="example_immport_backfill",
    description="Lists the packages of older releases of one study",
    doc_md=__doc__,
    schedule="@yearly",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["example", "immport"],
    default_args=RETRY_DEFAULTS,
) as dag:
    ImmPortBackfillOperator(
        task_id="plan", pool=API.name, landing=LANDING, studies=["SDY139"], last_release="DR25"
    )
    limit(dag)
