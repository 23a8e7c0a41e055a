"""answers that the source refused for good

Revision: 0025, after 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('staged', sa.Column('refused', sa.Text(), nullable=True, comment='Error with which the source refused the answer for good; the load goes on without it'), schema='ops')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
