"""loads that were retracted

Revision: 0024, after 0023
"""

from __future__ import annotations

from alembic import op

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("load", "state", schema="ops", comment="planned, extracted, staged, checked, published, failed or, once published, retracted")
    op.alter_column("load", "error", schema="ops", comment="Why it failed or was retracted")
    op.alter_column("study", "reason", schema="ops", comment="Why it is withdrawn: withdrawn, restricted or moved, and how that is known; or which releases of it were retracted, until it is loaded anew")


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
