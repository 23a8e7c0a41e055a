"""the fence of a load, and the attempts that are numbered for it

Revision: 0015, after 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('attempt',
    sa.Column('attempt_id', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Number of the attempt'),
    sa.Column('run_id', sa.Text(), nullable=False, comment='Run'),
    sa.Column('step', sa.Text(), nullable=False, comment='discover, extract, stage, check, publish or withdraw'),
    sa.Column('started_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='Start'),
    sa.PrimaryKeyConstraint('attempt_id', name=op.f('attempt_pkey')),
    schema='ops',
    comment='Attempts of tasks to work on loads, numbered as they began: the newest may write'
    )
    op.add_column('load', sa.Column('run_id', sa.Text(), nullable=True, comment='Run that works on it'), schema='ops')
    op.add_column('load', sa.Column('fence', sa.BigInteger(), server_default='0', nullable=False, comment='Newest attempt that took it; what an older one writes is refused'), schema='ops')
    op.drop_column('study', 'fence', schema='ops')
    op.alter_column('step', 'state', existing_type=sa.Text(), existing_nullable=False, comment='running, done, failed, skipped or superseded', existing_comment='running, done, failed or skipped', schema='ops')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
