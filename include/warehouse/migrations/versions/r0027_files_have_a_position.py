"""files have a position in the plan of their run

Revision: 0027, after 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('file_download', sa.Column('position', sa.BigInteger(), nullable=True, comment='Position in the plan of that run, from 0; null when it is left out'), schema='ops')
    op.alter_column('file_download', 'run_id', comment='Run that planned it last: it alone writes of the file', existing_comment='Run that last had to do with it', schema='ops')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
