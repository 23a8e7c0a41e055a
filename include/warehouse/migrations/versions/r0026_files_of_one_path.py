"""files of one path are kept apart

Revision: 0026, after 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('file_download', sa.Column('kept_as', sa.Text(), nullable=True, comment='Path below the destination; with its UUID where another file of the study has its path'), schema='ops')
    op.execute("update ops.file_download set kept_as = path")
    op.alter_column('file_download', 'kept_as', nullable=False, schema='ops')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
