"""what the nightly audit found

Revision: 0007, after 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audit',
    sa.Column('run_id', sa.Text(), nullable=False, comment='Run'),
    sa.Column('check_id', sa.Text(), nullable=False, comment='Stable name of the check'),
    sa.Column('relation', sa.Text(), nullable=False, comment='Table it looked at'),
    sa.Column('severity', sa.Text(), nullable=False, comment='critical fails the run, warning is told'),
    sa.Column('failed_rows', sa.BigInteger(), nullable=False, comment='Rows that broke it; 0 when it holds'),
    sa.Column('detail', sa.Text(), nullable=False, comment='What a row that breaks it is'),
    sa.Column('sample', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='The first of those rows, by their keys'),
    sa.Column('checked_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='When'),
    sa.PrimaryKeyConstraint('run_id', 'check_id', 'relation', name=op.f('audit_pkey')),
    schema='quality',
    comment='What the audit of the whole warehouse found, per check and table'
    )


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
