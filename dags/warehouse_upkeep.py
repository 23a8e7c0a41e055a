"""Renews the planner's statistics and audits the whole warehouse, each night and after each change."""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable

from immport_provider.assets import STAR
from immport_provider.groups import RETRY_DEFAULTS, limit
from immport_provider.operators.upkeep import WarehouseAnalyzeOperator, WarehouseAuditOperator

with DAG(
    dag_id="warehouse_upkeep",
    description=__doc__,
    doc_md="""
One run renews the planner's statistics, then audits the whole warehouse: one version of each row at
any release, every key in its key table, every member visible whenever it is named, rows that change only
where their study was captured, no row lost between staging and star. `quality.audit` has the findings of each
check; the task fails and names the critical checks that failed. The audit only reads.

Connection: `warehouse_default` (type Postgres).
""",
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable("0 3 * * *", timezone="UTC"), assets=[STAR]),
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["warehouse"],
    default_args=RETRY_DEFAULTS,
) as dag:
    analyze = WarehouseAnalyzeOperator(task_id="analyze")
    audit = WarehouseAuditOperator(task_id="audit")
    analyze >> audit
    limit(dag)
