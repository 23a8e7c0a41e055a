"""indexes find what runs decided about a scope, and its steps

Revision: 0043, after 0042
"""

from __future__ import annotations

from alembic import op

revision = '0043'
down_revision = '0042'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('work_scope_idx', 'work', ['source', 'scope'], unique=False, schema='ops')
    op.create_index('step_scope_idx', 'step', ['source', 'scope'], unique=False, schema='ops')
