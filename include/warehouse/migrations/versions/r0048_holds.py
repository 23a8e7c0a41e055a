"""an index finds what runs put on hold; checks count quarantined rows as they are stored

Revision: 0048, after 0047
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0048'
down_revision = '0047'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('work_hold_idx', 'work', ['run_id', 'source', 'scope'], unique=False, schema='ops',
                    postgresql_where=sa.text("action = 'hold'"))
    # Until revision 0018 a row had an entry for each check that it broke, and each was counted. Pages now take
    # the number of rows from the check.
    op.execute("""
        update quality.result r
        set unexpected_rows = q.found
        from (select load_id, endpoint, count(*) as found from quality.quarantine group by load_id, endpoint) q
        where r.check_id = 'quarantine_share' and r.load_id = q.load_id and r.endpoint = q.endpoint
            and r.unexpected_rows is distinct from q.found
    """)


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
