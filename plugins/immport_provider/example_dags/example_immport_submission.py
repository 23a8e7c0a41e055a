"""Example: send the package that a lab leaves in a folder, each Monday, to a workspace of its own.

Operators: check package, send package, follow ticket, approve submission, finish submission.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import DAG

from immport_provider.groups import RETRY_DEFAULTS, limit
from immport_provider.operators.submission.approve import ImmPortApproveSubmissionOperator
from immport_provider.operators.submission.steps import (
    ImmPortCheckPackageOperator,
    ImmPortFinishSubmissionOperator,
    ImmPortSendPackageOperator,
)
from immport_provider.pools import UPLOADS
from immport_provider.sensors.ticket import ImmPortTicketSensor

#: A connection for each workspace.
LAB: dict[str, Any] = {"upload_conn_id": "immport_upload_lab"}
OF_SUBMISSION = {**LAB, "submission": "{{ ti.xcom_pull(task_ids='check') }}"}

with DAG(
    dag_id="example_immport_submission",
    description="Sends the package of a lab to ImmPort each Monday",
    doc_md=__doc__,
    schedule="0 7 * * 1",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    tags=["example", "immport"],
    default_args=RETRY_DEFAULTS,
) as dag:
    check = ImmPortCheckPackageOperator(task_id="check", package="/srv/lab/package", notes="weekly", **LAB)
    validate = ImmPortSendPackageOperator(task_id="validate", pool=UPLOADS.name, **OF_SUBMISSION)
    validated = ImmPortTicketSensor(task_id="validated", timeout=timedelta(hours=6), **OF_SUBMISSION)
    approve = ImmPortApproveSubmissionOperator(
        task_id="approve", response_timeout=timedelta(hours=12), **OF_SUBMISSION
    )
    store = ImmPortSendPackageOperator(task_id="store", is_stored=True, pool=UPLOADS.name, **OF_SUBMISSION)
    stored = ImmPortTicketSensor(
        task_id="stored", is_stored=True, timeout=timedelta(hours=6), **OF_SUBMISSION
    )
    finish = ImmPortFinishSubmissionOperator(task_id="finish", trigger_rule="all_done", **OF_SUBMISSION)
    check >> validate >> validated >> approve >> store >> stored >> finish
    limit(dag)
