"""Example: count what a replay of one study would let out of the quarantine.

Operators: plan, dry run, finish.
"""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from immport_provider.groups import LANDING, RETRY_DEFAULTS, limit
from immport_provider.operators.base import STUDIES_OF_TASK
from immport_provider.operators.dry_run import (
    ReplayDryRunFinishOperator,
    ReplayDryRunOperator,
    ReplayPlanOperator,
)

with DAG(
    dag_id="example_replay_dry_run",
    description="Counts what a replay of SDY180 would change",
    doc_md=__doc__,
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["example", "warehouse"],
    default_args=RETRY_DEFAULTS,
) as dag:
    plan = ReplayPlanOperator(task_id="plan", landing=LANDING, scopes=["SDY180"])
    count = ReplayDryRunOperator.partial(
        task_id="count", landing=LANDING, map_index_template=STUDIES_OF_TASK
    ).expand(studies=plan.output)
    count >> ReplayDryRunFinishOperator(task_id="finish", landing=LANDING, trigger_rule="all_done")
    limit(dag)
