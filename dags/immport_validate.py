"""Checks a package of upload templates as ImmPort would, and sends nothing."""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG, Param

from immport_provider.groups import RETRY_DEFAULTS, WHAT, limit
from immport_provider.operators.submission.validate import ImmPortValidatePackageOperator

with DAG(
    dag_id="immport_validate",
    description=__doc__,
    doc_md="""
One run checks a folder, a zip file or one template by ImmPort's declarations, as `make validate` does. Every
finding is kept in `ops.validation_finding`, and the page *Validations* shows it. The run fails when the
package has errors.

Connection: `warehouse_default` (type Postgres).
Variable: `immport_templates`, where ImmPort's templates are; without it, those that a run of
`immport_submit` received last.
""",
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    # It never runs by itself, and sends nothing.
    is_paused_upon_creation=False,
    render_template_as_native_obj=True,
    tags=["immport", "submission"],
    default_args=RETRY_DEFAULTS,
    params={
        "package": Param(
            type="string",
            minLength=1,
            description="Folder, zip file or template, where the workers see it",
            section=WHAT,
        ),
        "known": Param(
            None,
            type=["null", "string"],
            description="File with identifiers that the workspace has",
            section=WHAT,
        ),
    },
) as dag:
    ImmPortValidatePackageOperator(
        task_id="validate",
        package="{{ params.package }}",
        templates="{{ var.value.get('immport_templates', '') }}",
        known="{{ params.known }}",
    )
    limit(dag)
