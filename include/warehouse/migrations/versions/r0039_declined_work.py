"""an index finds the scopes that no run could load

Revision: 0039, after 0038
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0039'
down_revision = '0038'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('work_declined_idx', 'work', ['source', 'scope'], unique=False, schema='ops',
                    postgresql_where=sa.text("release_version = '' or starts_with(reason, 'restricted: ')"))
