"""where and for which study a service failed last

Revision: 0006, after 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('circuit', sa.Column('endpoint', sa.Text(), nullable=True, comment='Endpoint of the last failure'), schema='ops')
    op.add_column('circuit', sa.Column('study_accession', sa.Text(), nullable=True, comment='Study of the last failure'), schema='ops')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
