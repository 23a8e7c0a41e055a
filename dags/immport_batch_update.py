"""Sends files of changes to a workspace of ImmPort, by its batch updater."""

from __future__ import annotations

# A file is looked at for DAGs only where it names both: airflow, dag.
from immport_provider.submission_dag import submission_dag

update = submission_dag(
    dag_id="immport_batch_update",
    service="batch_updater",
    description=__doc__,
    doc="""
One run checks files of changes, has ImmPort validate them, compares them with the star as of its newest
release, shows a person what would change, and has ImmPort apply them. Each status of the tickets and
ImmPort's reports are kept in `ops.submission_ticket` and `ops.submission_line`, what would change in
`ops.submission_comparison` and `ops.submission_change`; the page *Submissions* shows them.

The same files are never sent twice: a run that is started again goes on where the last one stopped.
`approve` waits 24 hours for an answer among the required actions.

Connections: `immport_upload` (type ImmPort data upload), `warehouse_default` (type Postgres).
Pool: `immport_uploads`; without it no task is started.
""",
)
