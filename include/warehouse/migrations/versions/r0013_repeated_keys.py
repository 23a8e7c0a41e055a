"""keys that an answer repeats; a key may be missing in some rows and repeated in others

Revision: 0013, after 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

_KEY = ['load_id', 'endpoint', 'field', 'kind']


def upgrade() -> None:
    op.drop_constraint('drift_pkey', 'drift', schema='ops', type_='primary')
    op.create_primary_key('drift_pkey', 'drift', _KEY, schema='ops')
    op.alter_column('drift', 'kind', existing_type=sa.Text(), existing_nullable=False, comment='missing, unknown or repeated', existing_comment='missing or unknown', schema='ops')
    op.create_table_comment('drift', 'Keys an answer lacked, had beyond those declared, or had twice in one object', schema='ops')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
