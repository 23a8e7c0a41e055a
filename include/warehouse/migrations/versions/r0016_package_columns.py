"""rows of packages to compare, and columns that a load did not report

Revision: 0016, after 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('package_sample',
    sa.Column('load_id', sa.BigInteger(), autoincrement=False, nullable=False, comment='Load'),
    sa.Column('table_name', sa.Text(), nullable=False, comment='Table, as packages of today name it'),
    sa.Column('header', postgresql.ARRAY(sa.Text()), nullable=False, comment='Names of the header line, in lower case'),
    sa.Column('keys', postgresql.ARRAY(sa.BigInteger()), nullable=False, comment='Digest of the key of each row'),
    sa.Column('cells', postgresql.ARRAY(sa.BigInteger(), dimensions=2), nullable=False, comment="For each name of the header, the digest of each row's value; null for an empty one"),
    sa.PrimaryKeyConstraint('load_id', 'table_name', name=op.f('package_sample_pkey')),
    schema='ops',
    comment='A few rows of each table of a package, as digests: the same rows at every release'
    )
    op.create_table('unreported_column',
    sa.Column('load_id', sa.BigInteger(), autoincrement=False, nullable=False, comment='Load'),
    sa.Column('endpoint', sa.Text(), nullable=False, comment='Endpoint'),
    sa.Column('column_name', sa.Text(), nullable=False, comment='Column of its rows'),
    sa.Column('reason', sa.Text(), nullable=False, comment='Why: the route never has it, or this answer or package does not'),
    sa.PrimaryKeyConstraint('load_id', 'endpoint', 'column_name', name=op.f('unreported_column_pkey')),
    schema='ops',
    comment='Columns that a load did not report: what was known of them stays'
    )


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
