"""reported terms and the vocabulary terms they are

Revision: 0009, after 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('term_mapping',
    sa.Column('term_id', sa.UUID(), nullable=False, comment='Digest of domain, reported and preferred term'),
    sa.Column('domain', sa.Text(), nullable=False, comment='Kind of term: analyte, virus_strain, unit ...'),
    sa.Column('reported', sa.Text(), nullable=False, comment='Term as reported; empty for none'),
    sa.Column('preferred', sa.Text(), nullable=False, comment='What ImmPort preferred; empty for nothing'),
    sa.Column('vocabulary', sa.Text(), nullable=True, comment='Vocabulary of the term it is mapped to'),
    sa.Column('term', sa.Text(), nullable=True, comment='Term it is mapped to; of a proposal the one to decide on'),
    sa.Column('term_name', sa.Text(), nullable=True, comment='What a person calls that term'),
    sa.Column('status', sa.Text(), nullable=False, comment='exact, alias, proposed or unmapped by the evidence; accepted or rejected by a person'),
    sa.Column('method', sa.Text(), nullable=False, comment='How the term was found'),
    sa.Column('evidence', sa.Text(), nullable=False, comment='Why it is that term, or why it is none'),
    sa.Column('decided_by', sa.Text(), nullable=True, comment='Person who decided'),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True, comment='When'),
    sa.Column('changed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the mapping last changed'),
    sa.CheckConstraint("status in ('exact', 'alias', 'proposed', 'accepted', 'rejected', 'unmapped')", name=op.f('term_mapping_status_check')),
    sa.CheckConstraint("(status in ('accepted', 'rejected')) = (decided_by is not null and decided_at is not null)", name=op.f('term_mapping_decision_check')),
    sa.CheckConstraint('(vocabulary is null) = (term is null)', name=op.f('term_mapping_term_check')),
    sa.CheckConstraint("status not in ('exact', 'alias', 'accepted') or term is not null", name=op.f('term_mapping_mapped_check')),
    sa.PrimaryKeyConstraint('term_id', name=op.f('term_mapping_pkey')),
    schema='history',
    comment='Reported terms and the vocabulary terms they are, with the evidence; decisions outlive reloads'
    )
    op.create_index('term_mapping_domain_idx', 'term_mapping', ['domain', 'status'], unique=False, schema='history')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
