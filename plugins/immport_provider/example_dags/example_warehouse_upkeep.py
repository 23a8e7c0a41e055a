"""Example: prove the warehouse on Saturdays only.

Operators: analyze, audit.
"""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from immport_provider.groups import RETRY_DEFAULTS, limit
from immport_provider.operators.upkeep import WarehouseAnalyzeOperator, WarehouseAuditOperator

with DAG(
    dag_id="example_warehouse_upkeep",
    description="Audits the warehouse on Saturdays",
    doc_md=__doc__,
    schedule="0 3 * * 6",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["example", "warehouse"],
    default_args=RETRY_DEFAULTS,
) as dag:
    WarehouseAnalyzeOperator(task_id="analyze") >> WarehouseAuditOperator(task_id="audit")
    limit(dag)
