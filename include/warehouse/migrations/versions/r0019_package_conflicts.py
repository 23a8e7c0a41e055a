"""rows of package tables that differ under one key

Revision: 0019, after 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "package_table",
        sa.Column("conflicts", sa.BigInteger(), comment="Keys under which it has rows that differ, of a table that is read by key: the first is read"),
        schema="ops",
    )


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
