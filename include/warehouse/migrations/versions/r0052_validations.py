"""packages that were checked without being sent

Revision: 0052, after 0051
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0052'
down_revision = '0051'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('validation',
    sa.Column('validation_id', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Number of the validation'),
    sa.Column('run_id', sa.Text(), nullable=False, comment='Run that checked the package'),
    sa.Column('package', sa.Text(), nullable=False, comment='Name of the package'),
    sa.Column('place', sa.Text(), nullable=False, comment='Where it is'),
    sa.Column('known', sa.Text(), nullable=True, comment='File of identifiers that the workspace has; null without one'),
    sa.Column('declaration', sa.Text(), nullable=False, comment='Templates it was checked by, with their digest'),
    sa.Column('state', sa.Text(), nullable=False, comment='valid or invalid'),
    sa.Column('templates', sa.BigInteger(), nullable=False, comment='Templates in it'),
    sa.Column('rows', sa.BigInteger(), nullable=False, comment='Rows of its templates'),
    sa.Column('errors', sa.BigInteger(), nullable=False, comment='Errors that were found'),
    sa.Column('warnings', sa.BigInteger(), nullable=False, comment='Warnings'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='When it was checked'),
    sa.PrimaryKeyConstraint('validation_id', name=op.f('validation_pkey')),
    schema='ops',
    comment='Packages that were checked without being sent: one row per check',
    )
    op.create_table('validation_finding',
    sa.Column('validation_id', sa.BigInteger(), autoincrement=False, nullable=False, comment='Validation'),
    sa.Column('position', sa.BigInteger(), autoincrement=False, nullable=False, comment='Place among the findings, from 0'),
    sa.Column('template', sa.Text(), nullable=True, comment='Template; empty for a finding about the package'),
    sa.Column('file_name', sa.Text(), nullable=True, comment='File of the package'),
    sa.Column('line_number', sa.BigInteger(), nullable=True, comment='Line of the file; null for the file as a whole'),
    sa.Column('column_name', sa.Text(), nullable=True, comment='Column of the template'),
    sa.Column('value', sa.Text(), nullable=True, comment='What stands there'),
    sa.Column('rule', sa.Text(), nullable=False, comment='Rule that it breaks'),
    sa.Column('severity', sa.Text(), nullable=False, comment='error or warning'),
    sa.Column('message', sa.Text(), nullable=False, comment='What is wrong'),
    sa.Column('fix', sa.Text(), nullable=True, comment='What to write instead, or to do'),
    sa.PrimaryKeyConstraint('validation_id', 'position', name=op.f('validation_finding_pkey')),
    schema='ops',
    comment='What was found in packages that were checked',
    )


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
