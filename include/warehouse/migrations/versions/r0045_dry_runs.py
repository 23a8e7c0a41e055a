"""what dry runs of a replay count

Revision: 0045, after 0044
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0045'
down_revision = '0044'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('dry_run',
    sa.Column('run_id', sa.Text(), nullable=False, comment='Run'),
    sa.Column('source', sa.Text(), server_default='immport', nullable=False, comment='Source: immport, or another one of docs/sources.md'),
    sa.Column('scope', sa.Text(), nullable=False, comment='Scope of the source: the study, the vocabulary, the gene list'),
    sa.Column('release_version', sa.Text(), nullable=False, comment='Release that is landed'),
    sa.Column('release_key', sa.Integer(), nullable=False, comment='Release key'),
    sa.Column('fetch_id', sa.Text(), nullable=False, comment='Name of the fetch in the landing zone that is staged'),
    sa.Column('state', sa.Text(), nullable=False, comment='planned, on hold, or how a replay would end: published, unchanged or failed'),
    sa.Column('reason', sa.Text(), nullable=True, comment='Why it is on hold or would fail; or which endpoints the gate would withhold'),
    sa.Column('expected_rows', sa.BigInteger(), autoincrement=False, nullable=True, comment='Rows the scope is expected to have'),
    sa.Column('load_id', sa.BigInteger(), autoincrement=False, nullable=True, comment='Load that its quarantine was compared with: the newest that was checked at the release; null for none'),
    sa.Column('rows_earlier', sa.BigInteger(), server_default='0', autoincrement=False, nullable=False, comment='Quarantined rows of that load'),
    sa.Column('rows_now', sa.BigInteger(), server_default='0', autoincrement=False, nullable=False, comment='Quarantined rows of the dry run'),
    sa.Column('rows_passed', sa.BigInteger(), server_default='0', autoincrement=False, nullable=False, comment='Of the earlier ones, the rows that a replay would publish'),
    sa.Column('rows_refused', sa.BigInteger(), server_default='0', autoincrement=False, nullable=False, comment='Quarantined rows of the dry run that are none of the earlier ones'),
    sa.Column('values_earlier', sa.BigInteger(), server_default='0', autoincrement=False, nullable=False, comment='Quarantined values of that load'),
    sa.Column('values_now', sa.BigInteger(), server_default='0', autoincrement=False, nullable=False, comment='Quarantined values of the dry run'),
    sa.Column('values_passed', sa.BigInteger(), server_default='0', autoincrement=False, nullable=False, comment='Of the earlier ones, the values that a replay would publish'),
    sa.Column('values_refused', sa.BigInteger(), server_default='0', autoincrement=False, nullable=False, comment='Quarantined values of the dry run that are none of the earlier ones'),
    sa.Column('counted_at', sa.DateTime(timezone=True), nullable=True, comment='When it was counted; null until then'),
    sa.PrimaryKeyConstraint('run_id', 'source', 'scope', 'release_version', name=op.f('dry_run_pkey')),
    schema='ops',
    comment='What a dry run of a replay found of each scope and release; nothing of it was published'
    )
    op.create_index('dry_run_scope_idx', 'dry_run', ['source', 'scope'], unique=False, schema='ops')
    op.create_table('dry_run_rule',
    sa.Column('run_id', sa.Text(), nullable=False, comment='Run'),
    sa.Column('source', sa.Text(), server_default='immport', nullable=False, comment='Source: immport, or another one of docs/sources.md'),
    sa.Column('scope', sa.Text(), nullable=False, comment='Scope of the source: the study, the vocabulary, the gene list'),
    sa.Column('release_version', sa.Text(), nullable=False, comment='Release that is landed'),
    sa.Column('endpoint', sa.Text(), nullable=False, comment='Endpoint'),
    sa.Column('kind', sa.Text(), nullable=False, comment='row or value'),
    sa.Column('rule', sa.Text(), nullable=False, comment='Check that they break'),
    sa.Column('earlier', sa.BigInteger(), autoincrement=False, nullable=False, comment='Rows or values that broke it when the load was checked'),
    sa.Column('now', sa.BigInteger(), autoincrement=False, nullable=False, comment='Rows or values that break it in the dry run'),
    sa.Column('passed', sa.BigInteger(), autoincrement=False, nullable=False, comment='Of the earlier ones, what a replay would publish'),
    sa.Column('refused', sa.BigInteger(), autoincrement=False, nullable=False, comment='Of those now, what is not in quarantine'),
    sa.PrimaryKeyConstraint('run_id', 'source', 'scope', 'release_version', 'endpoint', 'kind', 'rule', name=op.f('dry_run_rule_pkey')),
    schema='ops',
    comment='What a dry run found of each rule that rows or values break, then or now'
    )
    op.create_table('dry_run_change',
    sa.Column('run_id', sa.Text(), nullable=False, comment='Run'),
    sa.Column('source', sa.Text(), server_default='immport', nullable=False, comment='Source: immport, or another one of docs/sources.md'),
    sa.Column('scope', sa.Text(), nullable=False, comment='Scope of the source: the study, the vocabulary, the gene list'),
    sa.Column('release_version', sa.Text(), nullable=False, comment='Release that is landed'),
    sa.Column('relation', sa.Text(), nullable=False, comment='Table of the star'),
    sa.Column('added', sa.BigInteger(), autoincrement=False, nullable=False, comment='Rows that are not there'),
    sa.Column('corrected', sa.BigInteger(), autoincrement=False, nullable=False, comment='Rows that are there with other values'),
    sa.Column('withdrawn', sa.BigInteger(), autoincrement=False, nullable=False, comment='Rows that would no longer be there'),
    sa.Column('unchanged', sa.BigInteger(), autoincrement=False, nullable=False, comment='Rows that would not change'),
    sa.PrimaryKeyConstraint('run_id', 'source', 'scope', 'release_version', 'relation', name=op.f('dry_run_change_pkey')),
    schema='ops',
    comment='What the replay of a dry run would change, per table of the star'
    )
    op.alter_column('load', 'state', comment='planned, extracted, staged, checked, published, failed or, once published, retracted; dry run while a dry run counts what it would do', schema='ops')
    op.alter_column('attempt', 'step', comment='discover, extract, stage, check, publish, withdraw or dry run', schema='ops')
    op.alter_column('step', 'step', comment='extract, stage, check, publish, withdraw or dry run', schema='ops')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
