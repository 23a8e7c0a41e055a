"""Finds each hour what people should be alerted to, and sends what has not arrived."""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from immport_provider.groups import RETRY_DEFAULTS, limit
from immport_provider.operators.alerts import WarehouseAlertsOperator

with DAG(
    dag_id="warehouse_alerts",
    description=__doc__,
    doc_md="""
One run finds the events that are true now: what failed or is on hold, keys that expire, releases that are not
loaded, sources that are overdue, loads that are worse than the ones before. A new one is recorded in
`ops.alert` and sent by each route; one whose cause is gone is resolved. Messages that did not arrive are sent
again. Each run that loads something does the same at its end.

Connections: `warehouse_default` (type Postgres); the routes are `immport_alerts` (a webhook),
`immport_alerts_smtp` (mail) and `immport_alerts_slack`.
Variables: `immport_alert_...`, the limits; docs/configuration.md lists them.
""",
    schedule="20 * * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["warehouse"],
    default_args=RETRY_DEFAULTS,
) as dag:
    WarehouseAlertsOperator(task_id="evaluate")
    limit(dag)
