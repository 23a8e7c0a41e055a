"""which studies everybody may read

Revision: 0010, after 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create schema if not exists mart")
    op.create_table('study_access',
    sa.Column('study_key', sa.BigInteger(), autoincrement=False, nullable=False, comment='Study'),
    sa.Column('is_open', sa.Boolean(), nullable=False, comment='Everybody who may read the star may read it'),
    sa.Column('reason', sa.Text(), nullable=True, comment='Why it is not open'),
    sa.Column('changed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='Since when'),
    sa.PrimaryKeyConstraint('study_key', name=op.f('study_access_pkey')),
    schema='history',
    comment='Studies that everybody may read: one without an entry is hidden'
    )
    # The members for what is unknown and for what cannot be are of no study.
    op.execute("insert into history.study_access (study_key, is_open) values (0, true), (-1, true)")
    # A study withdrawn before stays open only where it is known to be withdrawn and nothing else.
    op.execute("""
        insert into history.study_access (study_key, is_open, reason)
        select k.study_key, w.is_open, case when not w.is_open then s.reason end
        from ops.study s join history.key_study k on k.study_accession = s.study_accession
        cross join lateral (select s.state = 'current' or coalesce(s.reason like 'withdrawn: %'
            and s.reason not like '%whether it is restricted is not known%', false) as is_open) w
        where s.state in ('current', 'withdrawn')
    """)


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
