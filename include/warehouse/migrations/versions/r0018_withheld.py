"""endpoints withheld alone, values in quarantine, one entry for each quarantined row

Revision: 0018, after 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "staged",
        sa.Column("withheld", sa.Text(), comment="Critical checks for which the gate withheld the endpoint alone: its tables stay as they are; null for none"),
        schema="ops",
    )
    op.alter_column(
        "result", "severity", schema="quality",
        comment="critical withholds the study, endpoint the endpoint, row quarantines rows, value quarantines values, warning is reported",
    )
    op.alter_column("quarantine", "rule", schema="quality", comment="Checks that the row broke, with commas between")
    op.execute("""
        update quality.quarantine q set rule = o.rules
        from (select min(quarantine_id) as first, string_agg(rule, ', ' order by quarantine_id) as rules
            from quality.quarantine where rule <> 'package_line'
            group by load_id, endpoint, row_number having count(*) > 1) o
        where q.quarantine_id = o.first
    """)
    op.execute("""
        delete from quality.quarantine q using quality.quarantine f
        where (f.load_id, f.endpoint, f.row_number) = (q.load_id, q.endpoint, q.row_number)
            and f.quarantine_id < q.quarantine_id and f.rule <> 'package_line' and q.rule <> 'package_line'
    """)
    op.create_index('quarantine_row_key', 'quarantine', ['load_id', 'endpoint', 'row_number'], unique=True, schema='quality', postgresql_where=sa.text("rule <> 'package_line'"))
    op.create_table('quarantined_value',
    sa.Column('value_id', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Number'),
    sa.Column('load_id', sa.BigInteger(), autoincrement=False, nullable=False, comment='Load'),
    sa.Column('study_accession', sa.Text(), nullable=False, comment='Study'),
    sa.Column('release_version', sa.Text(), nullable=False, comment='Release'),
    sa.Column('endpoint', sa.Text(), nullable=False, comment='Endpoint'),
    sa.Column('row_number', sa.BigInteger(), autoincrement=False, nullable=False, comment='Position of the row in the answer, from 1'),
    sa.Column('field', sa.Text(), nullable=False, comment='Column of the staged row'),
    sa.Column('rule', sa.Text(), nullable=False, comment='Check that the value broke'),
    sa.Column('key', postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment='The key of the row, as received'),
    sa.Column('value', sa.Text(), nullable=False, comment='The value as received'),
    sa.Column('quarantined_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='When'),
    sa.PrimaryKeyConstraint('value_id', name=op.f('quarantined_value_pkey')),
    schema='quality',
    comment='Values that could not be read, of rows that were published without them'
    )
    op.create_index('quarantined_value_load_idx', 'quarantined_value', ['load_id', 'endpoint', 'field', 'row_number'], schema='quality')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
