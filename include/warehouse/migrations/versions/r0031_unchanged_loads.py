"""loads that landed what was landed before

Revision: 0031, after 0030
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('load', sa.Column('landed_digest', sa.Text(), nullable=True, comment='Digest of all that was landed for it; null until it is staged'), schema='ops')
    op.add_column('load', sa.Column('code_digest', sa.Text(), nullable=True, comment='Digest of the declarations and code that stage, check and publish it'), schema='ops')
    op.add_column('load', sa.Column('same_as', sa.BigInteger(), nullable=True, comment='Load that landed the same: its checks and quarantined rows hold for this one, which was not staged'), schema='ops')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
