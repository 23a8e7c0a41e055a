"""what pages add up is counted load by load: quarantined rows by rule and value, changed rows of facts

Revision: 0053, after 0052
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0053'
down_revision = '0052'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('quarantine_group',
    sa.Column('group_id', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Number'),
    sa.Column('load_id', sa.BigInteger(), autoincrement=False, nullable=False, comment='Load'),
    sa.Column('source', sa.Text(), server_default='immport', nullable=False, comment='Source: immport, or another one of docs/sources.md'),
    sa.Column('scope', sa.Text(), nullable=False, comment='Scope of the source: the study, the vocabulary, the gene list'),
    sa.Column('kind', sa.Text(), nullable=False, comment='row or value'),
    sa.Column('endpoint', sa.Text(), nullable=False, comment='Endpoint'),
    sa.Column('rule', sa.Text(), nullable=False, comment='Check that the value broke; of a row the checks, with commas between'),
    sa.Column('field', sa.Text(), nullable=True, comment='Column of the staged row; null for rows'),
    sa.Column('value', sa.Text(), nullable=True, comment='The value as received; null for rows'),
    sa.Column('items', sa.BigInteger(), autoincrement=False, nullable=False, comment='How many rows or values'),
    sa.PrimaryKeyConstraint('group_id', name=op.f('quarantine_group_pkey')),
    schema='quality',
    comment='How many rows and values of a load are quarantined, by rule, field and value: counted when its checks were recorded'
    )
    op.create_index('quarantine_group_load_idx', 'quarantine_group', ['load_id'], unique=False, schema='quality')
    op.execute("""
        insert into quality.quarantine_group (load_id, source, scope, kind, endpoint, rule, field, value, items)
        select load_id, source, scope, 'row', endpoint, rule, null, null, count(*)
        from quality.quarantine group by load_id, source, scope, endpoint, rule
        union all
        select load_id, source, scope, 'value', endpoint, rule, field, value, count(*)
        from quality.quarantined_value group by load_id, source, scope, endpoint, rule, field, value
    """)
    op.add_column('ledger', sa.Column('facts_added', sa.BigInteger(), server_default='0', autoincrement=False, nullable=False, comment='Rows of facts that were not there'), schema='ops')
    op.add_column('ledger', sa.Column('facts_corrected', sa.BigInteger(), server_default='0', autoincrement=False, nullable=False, comment='Rows of facts that were there with other values'), schema='ops')
    op.add_column('ledger', sa.Column('facts_withdrawn', sa.BigInteger(), server_default='0', autoincrement=False, nullable=False, comment='Rows of facts that are no longer there'), schema='ops')
    op.execute("""
        update ops.ledger g set facts_added = c.added, facts_corrected = c.corrected, facts_withdrawn = c.withdrawn
        from (
            select load_id, sum(added) as added, sum(corrected) as corrected, sum(withdrawn) as withdrawn
            from ops.release_change where starts_with(relation, 'fact') group by load_id
        ) c
        where c.load_id = g.load_id
    """)


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
