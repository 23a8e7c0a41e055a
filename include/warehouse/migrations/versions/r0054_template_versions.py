"""versions of ImmPort's templates

Revision: 0054, after 0053
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0054'
down_revision = '0053'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('template_version',
    sa.Column('content_digest', sa.Text(), nullable=False, comment='SHA-256 of the JSON that declares the templates'),
    sa.Column('schema_versions', sa.Text(), nullable=False, comment='Schema versions of its templates'),
    sa.Column('templates', sa.BigInteger(), autoincrement=False, nullable=False, comment='Templates in it'),
    sa.Column('content', sa.LargeBinary(), nullable=False, comment='The zip file, as received'),
    sa.Column('first_seen_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='When the service first gave it out'),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='When the service last gave out this version'),
    sa.PrimaryKeyConstraint('content_digest', name=op.f('template_version_pkey')),
    schema='ops',
    comment="Versions of ImmPort's templates, as the upload service gave them out",
    )


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
