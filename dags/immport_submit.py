"""Sends a package of upload templates to a workspace of ImmPort."""

from __future__ import annotations

# A file is looked at for DAGs only where it names both: airflow, dag.
from immport_provider.submission_dag import submission_dag

submit = submission_dag(
    dag_id="immport_submit",
    service="upload",
    description=__doc__,
    doc="""
One run checks a package, has ImmPort validate it, asks a person, and has ImmPort store it. A package with
errors is not sent. Each status of the tickets and ImmPort's reports are kept in `ops.submission_ticket` and
`ops.submission_line`; the page *Submissions* shows them.

The same package is never sent twice: a run that is started again goes on where the last one stopped.
`approve` waits 24 hours for an answer among the required actions.

Connections: `immport_upload` (type ImmPort data upload), `warehouse_default` (type Postgres).
Variable: `immport_templates`, where ImmPort's templates are; without it, what the service gives out.
Pool: `immport_uploads`; without it no task is started.
""",
)
