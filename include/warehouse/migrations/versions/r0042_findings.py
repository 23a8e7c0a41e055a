"""indexes find the failed checks among all results, and the broken ones among all audits

Revision: 0042, after 0041
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0042'
down_revision = '0041'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('result_finding_idx', 'result', ['load_id'], unique=False, schema='quality',
                    postgresql_include=['endpoint', 'check_id', 'severity', 'success', 'unexpected_rows'],
                    postgresql_where=sa.text("not success or check_id = 'quarantine_share'"))
    op.create_index('audit_failed_idx', 'audit', ['run_id', 'check_id', 'relation'], unique=False, schema='quality',
                    postgresql_where=sa.text('failed_rows > 0'))


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
