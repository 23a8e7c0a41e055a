"""Example: wait for the next data release of ImmPort, then load it.

Sensor: release. It waits in the triggerer and takes no worker's slot; the run is started once and waits for
months. `immport_release` itself looks each day instead.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG

from immport_provider.groups import RETRY_DEFAULTS, limit
from immport_provider.sensors.release import ImmPortReleaseSensor

with DAG(
    dag_id="example_immport_release_sensor",
    description="Waits for the next data release, then triggers immport_release",
    doc_md=__doc__,
    schedule="@continuous",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["example", "immport"],
    default_args=RETRY_DEFAULTS,
) as dag:
    wait = ImmPortReleaseSensor(
        task_id="wait",
        poke_interval=timedelta(hours=6),
        timeout=timedelta(days=90),
        execution_timeout=timedelta(days=91),
    )
    load = TriggerDagRunOperator(
        task_id="load", trigger_dag_id="immport_release", wait_for_completion=True, deferrable=True
    )
    wait >> load
    limit(dag)
