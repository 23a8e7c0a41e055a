"""what the route of a load does not provide

Revision: 0023, after 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('load', sa.Column('lacks', sa.ARRAY(sa.Text()), nullable=True, comment='Tables of the star, and columns as table.column, that its route does not provide; null until it is staged'), schema='ops')
    op.add_column('capture', sa.Column('lacks', sa.ARRAY(sa.Text()), nullable=True, comment='Tables of the star, and columns as table.column, that no load of the study at the release provided; null of a withdrawal'), schema='ops')
    op.add_column('fact_elisa', sa.Column('is_limit_known', sa.Boolean(), nullable=True, comment='Whether a limit given in words would be known: true of a result that a package provided; null of one that the API alone provided, whose value may be a limit that nothing marks'), schema='history')
    # Of results that are there, the load that wrote them tells by which route they came.
    op.execute("""
        update history.fact_elisa f set is_limit_known = true
        from ops.load l where l.load_id = f.load_id and l.route = 'package'
    """)


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
