"""runs have one key, dag_id/run_id

Revision: 0029, after 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None

# Until here runs of one DAG alone had a key without its name, and the audit had none of a key.
KEYED = (
    ('ops.work', 'run_id'),
    ('ops.load', 'run_id'),
    ('ops.attempt', 'run_id'),
    ('ops.step', 'run_id'),
    ('history.study_access', 'cleared_in'),
)


def upgrade() -> None:
    for table, column in KEYED:
        op.execute(
            f"update {table} t set {column} = r.dag_id || '/' || r.run_id from ops.run r"
            f" where r.run_id = t.{column} and not starts_with(r.run_id, r.dag_id || '/')"
        )
    op.execute(
        "update quality.audit a set run_id = r.run_id from ops.run r"
        " where r.dag_id = 'warehouse_upkeep' and r.run_id = r.dag_id || '/' || a.run_id"
    )
    op.execute("update ops.run set run_id = dag_id || '/' || run_id where not starts_with(run_id, dag_id || '/')")
    op.alter_column('run', 'run_id', comment='Key of the run: dag_id/run_id of Airflow', existing_comment="Airflow's name of the run", schema='ops')
    op.alter_column('run', 'dag_id', server_default=None, existing_server_default='immport_release', schema='ops')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
