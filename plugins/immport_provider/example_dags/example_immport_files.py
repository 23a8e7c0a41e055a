"""Example: bring the FCS files of one study whenever the star changed.

Operators: plan files, download, finish files.
"""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from immport_provider.assets import STAR
from immport_provider.groups import LANDING, RETRY_DEFAULTS, limit
from immport_provider.operators.base import STUDIES_OF_TASK
from immport_provider.operators.files import (
    ImmPortDownloadOperator,
    ImmPortFinishFilesOperator,
    ImmPortPlanFilesOperator,
)
from immport_provider.pools import API, FILES

with DAG(
    dag_id="example_immport_files",
    description="Downloads the FCS files of one study whenever the star changed",
    doc_md=__doc__,
    schedule=[STAR],
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    tags=["example", "immport"],
    default_args=RETRY_DEFAULTS,
) as dag:
    plan = ImmPortPlanFilesOperator(
        task_id="plan",
        pool=API.name,
        landing=LANDING,
        studies=["SDY180"],
        types=["result_file"],
        pattern="*.fcs",
        max_bytes=5_000_000_000,
    )
    download = ImmPortDownloadOperator.partial(
        task_id="download", pool=FILES.name, landing=LANDING, map_index_template=STUDIES_OF_TASK
    ).expand(batch=plan.output)
    finish = ImmPortFinishFilesOperator(
        task_id="finish",
        landing=LANDING,
        trigger_rule="all_done",
        batches="{{ ti.xcom_pull(task_ids='plan') }}",
    )
    download >> finish
    limit(dag)
