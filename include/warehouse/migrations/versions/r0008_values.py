"""units of measure and their dimensions

Revision: 0008, after 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('unit_definition',
    sa.Column('spelling', sa.Text(), nullable=False, comment='Unit, as star.unit_spelling leaves it'),
    sa.Column('dimension', sa.Text(), nullable=False, comment='What it measures'),
    sa.Column('canonical_unit', sa.Text(), nullable=False, comment='Unit that values are converted to'),
    sa.Column('factor', sa.Numeric(), nullable=False, comment='Canonical value: (value - unit_offset) * factor / divisor'),
    sa.Column('divisor', sa.Numeric(), nullable=False, comment='Apart from the factor, to stay exact'),
    sa.Column('unit_offset', sa.Numeric(), nullable=False, comment="Zero of the unit's scale, of temperatures"),
    sa.PrimaryKeyConstraint('spelling', name=op.f('unit_definition_pkey')),
    schema='history',
    comment='Units of measure, written with the views from include/warehouse/model/units.py'
    )


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
