"""Example: apply the corrections in a curator's file each Friday, once a person has seen what they change.

Operators: check changes, send package, follow ticket, compare changes, approve submission, finish submission.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import DAG

from immport_provider.groups import RETRY_DEFAULTS, limit
from immport_provider.operators.submission.approve import ImmPortApproveSubmissionOperator
from immport_provider.operators.submission.changes import (
    ImmPortCheckChangesOperator,
    ImmPortCompareChangesOperator,
)
from immport_provider.operators.submission.steps import (
    ImmPortFinishSubmissionOperator,
    ImmPortSendPackageOperator,
)
from immport_provider.pools import UPLOADS
from immport_provider.sensors.ticket import ImmPortTicketSensor

#: A connection for each workspace.
LAB: dict[str, Any] = {"upload_conn_id": "immport_upload_lab", "service": "batch_updater"}
OF_SUBMISSION = {**LAB, "submission": "{{ ti.xcom_pull(task_ids='check') }}"}

with DAG(
    dag_id="example_immport_changes",
    description="Applies the corrections of a lab at ImmPort each Friday",
    doc_md=__doc__,
    schedule="0 7 * * 5",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    tags=["example", "immport"],
    default_args=RETRY_DEFAULTS,
) as dag:
    check = ImmPortCheckChangesOperator(task_id="check", package="/srv/lab/UpdateValue.Reagent.txt", **LAB)
    validate = ImmPortSendPackageOperator(task_id="validate", pool=UPLOADS.name, **OF_SUBMISSION)
    validated = ImmPortTicketSensor(task_id="validated", timeout=timedelta(hours=6), **OF_SUBMISSION)
    compare = ImmPortCompareChangesOperator(task_id="compare", **OF_SUBMISSION)
    approve = ImmPortApproveSubmissionOperator(
        task_id="approve", response_timeout=timedelta(hours=12), **OF_SUBMISSION
    )
    apply = ImmPortSendPackageOperator(task_id="apply", is_stored=True, pool=UPLOADS.name, **OF_SUBMISSION)
    applied = ImmPortTicketSensor(
        task_id="applied", is_stored=True, timeout=timedelta(hours=6), **OF_SUBMISSION
    )
    finish = ImmPortFinishSubmissionOperator(task_id="finish", trigger_rule="all_done", **OF_SUBMISSION)
    check >> validate >> validated >> compare >> approve >> apply >> applied >> finish
    limit(dag)
