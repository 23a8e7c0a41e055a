"""calls of a run, and when the key of its connection expires

Revision: 0038, after 0037
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0038'
down_revision = '0037'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('call',
    sa.Column('run_id', sa.Text(), nullable=False, comment='Run'),
    sa.Column('step', sa.Text(), nullable=False, comment='discover, extract, plan or download'),
    sa.Column('source', sa.Text(), server_default='immport', nullable=False, comment='Source: immport, or another one of docs/sources.md'),
    sa.Column('host', sa.Text(), nullable=False, comment='Host and port that was called'),
    sa.Column('endpoint', sa.Text(), nullable=False, comment='Endpoint'),
    sa.Column('calls', sa.BigInteger(), nullable=False, comment='Requests sent, repeated ones included'),
    sa.Column('retries', sa.BigInteger(), nullable=False, comment='Of these, those that repeat a request that had failed'),
    sa.Column('errors', sa.BigInteger(), nullable=False, comment='Of these, those without a good answer'),
    sa.Column('refusals', sa.BigInteger(), nullable=False, comment='Of the errors, those that the source decided on, such as 401, 403 or 404'),
    sa.Column('bytes', sa.BigInteger(), nullable=False, comment='Bytes of the answers as they came, headers included'),
    sa.Column('milliseconds', sa.BigInteger(), nullable=False, comment='From the connection to the last byte, of all calls together'),
    sa.Column('slowest_milliseconds', sa.BigInteger(), nullable=False, comment='The same, of the slowest call'),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True, comment='End of the last call with a good answer'),
    sa.Column('failed_at', sa.DateTime(timezone=True), nullable=True, comment='End of the last call without one'),
    sa.Column('failure', sa.Text(), nullable=True, comment='Kind of that failure, and the HTTP status if there was one'),
    sa.PrimaryKeyConstraint('run_id', 'step', 'source', 'host', 'endpoint', name=op.f('call_pkey')),
    schema='ops',
    comment='Calls that a run made, by step, host and endpoint, counted where they are sent'
    )
    op.add_column('run', sa.Column('key_expires_at', sa.DateTime(timezone=True), nullable=True, comment='When the API key of its connection expires; null for none, or tokens that renew themselves'), schema='ops')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
