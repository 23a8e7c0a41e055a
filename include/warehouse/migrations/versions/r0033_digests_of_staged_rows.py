"""digests of staged rows, by endpoint

Revision: 0033, after 0032
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0033'
down_revision = '0032'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('staged', sa.Column('content_digest', sa.Text(), nullable=True, comment='Digest of its rows, of an answer as it was received, by which a later load sees that they are the same; null for none'), schema='ops')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
