"""what only packages know of samples

Revision: 0005, after 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('dim_biosample', sa.Column('description', sa.Text(), nullable=True, comment='Description of the sample; known from packages only'), schema='history')
    op.add_column('dim_expsample', sa.Column('description', sa.Text(), nullable=True, comment='Description, of ELISPOT with the stimulation; known from packages only'), schema='history')
    op.add_column('dim_expsample', sa.Column('declared_results', sa.BigInteger(), nullable=True, comment='Results that ImmPort counted; known from packages up to DR16 only (unit: results)'), schema='history')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
