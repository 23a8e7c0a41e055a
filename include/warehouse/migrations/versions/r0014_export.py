"""exports, with who may read them and the studies they hold

Revision: 0014, after 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('export',
    sa.Column('location', sa.Text(), nullable=False, comment='Folder or URL it was written to; a later export to it replaces this one'),
    sa.Column('release_version', sa.Text(), nullable=False, comment='Newest release when it was written, or the release it shows'),
    sa.Column('as_of', sa.Text(), nullable=True, comment='Release it shows; null for everything as it was'),
    sa.Column('read_as', sa.Text(), nullable=False, comment='Role that read the warehouse for it; its members may read the files'),
    sa.Column('studies', postgresql.ARRAY(sa.Text()), nullable=False, comment='Accessions of the studies it holds'),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False, comment='When it was written, or found to be the same'),
    sa.PrimaryKeyConstraint('location', name=op.f('export_pkey')),
    schema='ops',
    comment='Parquet copies that were written, with who may read them and the studies they hold'
    )


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
