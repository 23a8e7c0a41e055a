"""the terms of vocabularies

Revision: 0002, after 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('vocabulary_term',
    sa.Column('vocabulary', sa.Text(), nullable=False, comment='Vocabulary, lkSex'),
    sa.Column('term', sa.Text(), nullable=False, comment="What tells it from the vocabulary's other terms"),
    sa.Column('valid_from', sa.DateTime(timezone=True), nullable=False, comment='End of the fetch that first brought it so'),
    sa.Column('valid_to', sa.DateTime(timezone=True), nullable=False, comment='End of the first fetch that brought it otherwise; infinity is open'),
    sa.Column('name', sa.Text(), nullable=True, comment='Name'),
    sa.Column('description', sa.Text(), nullable=True, comment='Description'),
    sa.Column('link', sa.Text(), nullable=True, comment='Page that defines it'),
    sa.Column('fields', postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment='What else the vocabulary says of it, as sent'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('vocabulary_term_interval_check')),
    sa.PrimaryKeyConstraint('vocabulary', 'term', 'valid_from', name=op.f('vocabulary_term_pkey')),
    schema='history',
    comment="Versions of the terms of ImmPort's vocabularies, by the time of the fetch"
    )
    op.create_index('vocabulary_term_open_key', 'vocabulary_term', ['vocabulary', 'term'], unique=True, schema='history', postgresql_where=sa.text("valid_to = 'infinity'::timestamp with time zone"))
    op.create_table('vocabulary_fetch',
    sa.Column('fetch_id', sa.Text(), nullable=False, comment='Name of the fetch in the landing zone'),
    sa.Column('vocabulary', sa.Text(), nullable=False, comment='Vocabulary'),
    sa.Column('run_id', sa.Text(), nullable=False, comment='Run'),
    sa.Column('fetched_at', sa.DateTime(timezone=True), nullable=True, comment='End of the fetch'),
    sa.Column('rows_received', sa.BigInteger(), nullable=False, comment='Rows in the answer'),
    sa.Column('rows_dropped', sa.BigInteger(), nullable=False, comment='Stubs and repetitions among them'),
    sa.Column('added', sa.BigInteger(), nullable=False, comment='Terms that were not there'),
    sa.Column('corrected', sa.BigInteger(), nullable=False, comment='Terms that were there otherwise'),
    sa.Column('withdrawn', sa.BigInteger(), nullable=False, comment='Terms that are there no more'),
    sa.Column('unchanged', sa.BigInteger(), nullable=False, comment='Terms left alone'),
    sa.Column('note', sa.Text(), nullable=True, comment='What a person should know: keys that were missing or new, nothing received'),
    sa.PrimaryKeyConstraint('fetch_id', 'vocabulary', name=op.f('vocabulary_fetch_pkey')),
    schema='ops',
    comment='What each fetch brought of each vocabulary, and what that changed'
    )


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
