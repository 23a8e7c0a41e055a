"""Sends a test message by each route of alerts, each week."""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from immport_provider.groups import RETRY_DEFAULTS, limit
from immport_provider.operators.alerts import WarehouseAlertDrillOperator

with DAG(
    dag_id="warehouse_alert_drill",
    description=__doc__,
    doc_md="""
One run sends a test message by each route whose connection exists, and records in `ops.alert_delivery` which
arrived: the last proven delivery of the route. It fails with the names of the routes that did not take it.

Connections: `warehouse_default` (type Postgres); the routes are `immport_alerts` (a webhook),
`immport_alerts_smtp` (mail) and `immport_alerts_slack`.
""",
    schedule="0 8 * * 1",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["warehouse"],
    default_args=RETRY_DEFAULTS,
) as dag:
    WarehouseAlertDrillOperator(task_id="drill")
    limit(dag)
