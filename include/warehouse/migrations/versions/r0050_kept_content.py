"""files have the size and the MD5 of what lies at their location

Revision: 0050, after 0049
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0050'
down_revision = '0049'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('file_download', sa.Column('kept_bytes', sa.BigInteger(), nullable=True, comment='Bytes that lie there, as counted; null where none were counted'), schema='ops')
    op.add_column('file_download', sa.Column('kept_md5', sa.Text(), nullable=True, comment='MD5 of these bytes, as computed: also of a file whose MD5 its source does not state'), schema='ops')
    # A file that is present was verified by what its source states; the next run reads those of which it states less.
    op.execute("""
        update ops.file_download
        set kept_bytes = size_bytes, kept_md5 = md5
        where state = 'present' and location is not null and size_bytes is not null and md5 is not null
    """)


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
