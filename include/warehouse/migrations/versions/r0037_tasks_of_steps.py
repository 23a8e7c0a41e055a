"""the task behind each step

Revision: 0037, after 0036
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0037'
down_revision = '0036'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('step', sa.Column('task_id', sa.Text(), nullable=True, comment='Task of the run that did it; its log has the details'), schema='ops')
    op.add_column('step', sa.Column('map_index', sa.BigInteger(), nullable=True, comment="Which of the task's mapped instances it was; -1 of a task that is not mapped"), schema='ops')
    op.add_column('step', sa.Column('try_number', sa.BigInteger(), nullable=True, comment='Which try of the task it was'), schema='ops')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
