"""a study that was restricted is opened when two runs saw that it is not

Revision: 0022, after 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('study_access', sa.Column('cleared_in', sa.Text(), nullable=True, comment='First run whose list of restricted studies named it no more'), schema='history')
    op.add_column('study_access', sa.Column('is_cleared', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='Another run saw that, too: it may be opened'), schema='history')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
