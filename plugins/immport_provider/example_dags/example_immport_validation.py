"""Example: check each night the package that a lab leaves in a folder, and send nothing.

Operators: validate package.
"""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from immport_provider.groups import RETRY_DEFAULTS, limit
from immport_provider.operators.submission.validate import ImmPortValidatePackageOperator

with DAG(
    dag_id="example_immport_validation",
    description="Checks the package of a lab each night",
    doc_md=__doc__,
    schedule="0 22 * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    tags=["example", "immport"],
    default_args=RETRY_DEFAULTS,
) as dag:
    ImmPortValidatePackageOperator(
        task_id="validate", package="/srv/lab/package", templates="/srv/immport-templates"
    )
    limit(dag)
