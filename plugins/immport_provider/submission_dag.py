"""The DAGs that send data to ImmPort, one for each service: changes are compared with the star, too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import DAG, Param, chain

from immport_provider.groups import APPROVALS, HOW, REPAIR, RETRY_DEFAULTS, WHAT, limit
from immport_provider.operators.submission.approve import ImmPortApproveSubmissionOperator
from immport_provider.operators.submission.changes import (
    ImmPortCheckChangesOperator,
    ImmPortCompareChangesOperator,
)
from immport_provider.operators.submission.steps import (
    ImmPortCheckPackageOperator,
    ImmPortFinishSubmissionOperator,
    ImmPortSendPackageOperator,
)
from immport_provider.pools import UPLOADS
from immport_provider.sensors.ticket import ImmPortTicketSensor
from include.submission.service.services import SERVICES

#: Task that checks what is sent: its result is the number of the submission.
CHECK = "check"
_SUBMISSION = f"{{{{ ti.xcom_pull(task_ids='{CHECK}') }}}}"
_TEMPLATES = "{{ var.value.get('immport_templates', '') }}"
#: A package of gigabytes goes out within it.
_SENDING = timedelta(hours=6)
_TASK = timedelta(hours=1)


def submission_dag(dag_id: str, service: str, description: str, doc: str) -> DAG:
    """Make the DAG of a service.

    :param service: `upload` or `batch_updater`.
    """
    of_templates, takes_offline = SERVICES[service].is_of_templates, SERVICES[service].offline is not None
    with DAG(
        dag_id=dag_id,
        description=description,
        doc_md=doc,
        schedule=None,
        start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
        catchup=False,
        max_active_runs=1,
        render_template_as_native_obj=True,
        tags=["immport", "submission"],
        default_args={**RETRY_DEFAULTS, "execution_timeout": _TASK},
        params={
            **_params("Folder, zip file or template" if of_templates else "File of changes, folder or zip"),
            **({"known": _known()} if of_templates else {}),
            **({"offline": _offline()} if takes_offline else {}),
        },
    ) as dag:
        of_service: dict[str, Any] = {"service": service, "templates": _TEMPLATES}
        of_submission: dict[str, Any] = {**of_service, "submission": _SUBMISSION}
        again: dict[str, Any] = {"ticket": "{{ params.ticket }}", "repeat": "{{ params.repeat }}"}
        given: dict[str, Any] = {
            **of_service,
            "package": "{{ params.package }}",
            "notes": "{{ params.notes }}",
        }
        check = (
            ImmPortCheckPackageOperator(
                task_id=CHECK,
                is_offline="{{ params.offline }}" if takes_offline else False,
                known="{{ params.known }}",
                **given,
            )
            if of_templates
            else ImmPortCheckChangesOperator(task_id=CHECK, **given)
        )
        validate = ImmPortSendPackageOperator(
            task_id="send_to_validate",
            pool=UPLOADS.name,
            execution_timeout=_SENDING,
            **of_submission,
            **again,
        )
        validated = ImmPortTicketSensor(task_id="follow_validation", **of_submission)
        compared = [] if of_templates else [ImmPortCompareChangesOperator(task_id="compare", **of_submission)]
        approve = ImmPortApproveSubmissionOperator(task_id="approve", **of_submission)
        store = ImmPortSendPackageOperator(
            task_id="send_to_store",
            is_stored=True,
            pool=UPLOADS.name,
            execution_timeout=_SENDING,
            **of_submission,
            **again,
        )
        stored = ImmPortTicketSensor(task_id="follow_storing", is_stored=True, **of_submission)
        finish = ImmPortFinishSubmissionOperator(task_id="finish", trigger_rule="all_done", **of_submission)
        chain(check, validate, validated, *compared, approve, store, stored, finish)
        limit(dag)
    return dag


def _params(package: str) -> dict[str, Param]:
    return {
        "package": Param(
            type="string",
            minLength=1,
            description=f"{package}, where the workers see it",
            section=WHAT,
        ),
        "notes": Param(
            None,
            type=["null", "string"],
            maxLength=1000,
            description="Notes for ImmPort's curators",
            section=WHAT,
        ),
        "repeat": Param(
            False,
            type=["null", "boolean"],
            description="Send once more what ImmPort has refused; what it has stored is never sent again",
            section=APPROVALS,
        ),
        "ticket": Param(
            None,
            type=["null", "string"],
            pattern=r"^[\w.@-]*$",
            description="Of a package whose answer was lost: the number of its ticket, or none if ImmPort"
            " does not have it",
            section=REPAIR,
        ),
    }


def _known() -> Param:
    return Param(
        None,
        type=["null", "string"],
        description="File with identifiers that the workspace has, for the check here",
        section=HOW,
    )


def _offline() -> Param:
    return Param(
        False,
        type=["null", "boolean"],
        description="The files come to ImmPort on another way: only a ticket is requested",
        section=HOW,
    )
