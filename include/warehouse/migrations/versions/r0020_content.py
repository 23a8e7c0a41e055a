"""digests of what was published

Revision: 0020, after 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "content",
        sa.Column("study_key", sa.BigInteger(), nullable=False, comment="Study, as in history.key_study"),
        sa.Column("relation", sa.Text(), nullable=False, comment="Table of history"),
        sa.Column(
            "load_id", sa.BigInteger(), nullable=True,
            comment="Load that was published last with a change; null for what an audit found first",
        ),
        sa.Column("rows", sa.BigInteger(), nullable=False, comment="Rows of the study in the table, all versions"),
        sa.Column("digest", sa.Numeric(), nullable=False, comment="Sum of the hashes of these rows"),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=True, comment="When"
        ),
        sa.PrimaryKeyConstraint("study_key", "relation", name=op.f("content_pkey")),
        schema="ops",
        comment="What each study has in each table since its last publish: the audit compares it with what is there",
    )  # fmt: skip


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
