"""what files of changes would change, against the star

Revision: 0051, after 0050
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0051'
down_revision = '0050'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('submission_comparison',
    sa.Column('submission_id', sa.BigInteger(), autoincrement=False, nullable=False, comment='Submission'),
    sa.Column('table_name', sa.Text(), nullable=False, comment="ImmPort's table, as the file names it"),
    sa.Column('column_name', sa.Text(), nullable=False, comment='Column that is given values'),
    sa.Column('outcome', sa.Text(), nullable=False, comment='changed, same, blank, not in the star, several records or not compared'),
    sa.Column('value_count', sa.BigInteger(), nullable=False, comment='Values of which this was found'),
    sa.Column('relation', sa.Text(), nullable=True, comment='Relation of the star that was compared; null where it has none'),
    sa.Column('release_version', sa.Text(), nullable=False, comment='Newest release of the star at that time'),
    sa.Column('compared_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='When'),
    sa.PrimaryKeyConstraint('submission_id', 'table_name', 'column_name', 'outcome', name=op.f('submission_comparison_pkey')),
    schema='ops',
    comment='What files of changes would change, against the star: a row per table, column and outcome',
    )
    op.create_table('submission_change',
    sa.Column('submission_id', sa.BigInteger(), autoincrement=False, nullable=False, comment='Submission'),
    sa.Column('position', sa.BigInteger(), autoincrement=False, nullable=False, comment='Place in the files, from 0'),
    sa.Column('file_name', sa.Text(), nullable=True, comment='File of changes'),
    sa.Column('line_number', sa.BigInteger(), nullable=True, comment='Line of the file'),
    sa.Column('table_name', sa.Text(), nullable=False, comment="ImmPort's table, as the file names it"),
    sa.Column('record', sa.Text(), nullable=False, comment='Columns that find the record, with their values'),
    sa.Column('column_name', sa.Text(), nullable=False, comment='Column that is given a value'),
    sa.Column('star_value', sa.Text(), nullable=True, comment='Value in the star'),
    sa.Column('new_value', sa.Text(), nullable=True, comment='Value that it is given'),
    sa.Column('outcome', sa.Text(), nullable=False, comment='changed, blank, not in the star, several records or not compared'),
    sa.PrimaryKeyConstraint('submission_id', 'position', name=op.f('submission_change_pkey')),
    schema='ops',
    comment='Values that files of changes would change, or that could not be compared with the star',
    )


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
