"""Example: find events and send messages each quarter of an hour, after a test message by each route.

Operators: evaluate, drill.
"""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from immport_provider.groups import RETRY_DEFAULTS, limit
from immport_provider.operators.alerts import WarehouseAlertDrillOperator, WarehouseAlertsOperator

with DAG(
    dag_id="example_warehouse_alerts",
    description="Alerts each quarter of an hour",
    doc_md=__doc__,
    schedule="*/15 * * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["example", "warehouse"],
    default_args=RETRY_DEFAULTS,
) as dag:
    WarehouseAlertDrillOperator(task_id="drill") >> WarehouseAlertsOperator(task_id="evaluate")
    limit(dag)
