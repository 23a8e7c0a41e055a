"""Example: write a fixed release as Parquet files for a publication.

Operator: export.
"""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from immport_provider.groups import LANDING, RETRY_DEFAULTS, limit
from immport_provider.operators.export import ImmPortExportOperator

with DAG(
    dag_id="example_immport_export",
    description="Writes a fixed release as Parquet files",
    doc_md=__doc__,
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["example", "immport"],
    default_args=RETRY_DEFAULTS,
) as dag:
    ImmPortExportOperator(task_id="export", landing=LANDING, as_of="DR50", destination="file:///srv/paper")
    limit(dag)
