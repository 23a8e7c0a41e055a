"""events that people are alerted to, and the messages about them

Revision: 0040, after 0039
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0040'
down_revision = '0039'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('alert',
    sa.Column('alert_id', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Number of the alert'),
    sa.Column('event_key', sa.Text(), nullable=False, comment='What the event is identified by: its type, run and cause; messages carry it'),
    sa.Column('alert_type', sa.Text(), nullable=False, comment='Type, as docs/runbook.md lists them'),
    sa.Column('severity', sa.Text(), nullable=False, comment='critical, error, warning or info'),
    sa.Column('source', sa.Text(), nullable=True, comment='Source; null where it concerns none'),
    sa.Column('scopes', sa.ARRAY(sa.Text()), server_default='{}', nullable=False, comment='Scopes of the source that it concerns now; empty where it concerns none'),
    sa.Column('release_version', sa.Text(), nullable=True, comment='Release; null where it concerns none, or several'),
    sa.Column('run_id', sa.Text(), nullable=True, comment='Run, dag_id/run_id; null where it is of no run'),
    sa.Column('cause', sa.Text(), nullable=False, comment='Why, in one sentence'),
    sa.Column('to_do', sa.Text(), nullable=False, comment='What to do about it'),
    sa.Column('link', sa.Text(), nullable=False, comment="Path of the page that shows it, below the address of Airflow's page"),
    sa.Column('happened_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='When it happened'),
    sa.Column('first_seen_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='When it was found'),
    sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True, comment='When its cause was found to be gone; null while it is there'),
    sa.PrimaryKeyConstraint('alert_id'),
    sa.UniqueConstraint('event_key', name='alert_event_key'),
    schema='ops',
    comment='Events that people are alerted to: one row, and one message per route, for an event of a run'
    )
    op.create_index('alert_run_idx', 'alert', ['run_id'], unique=False, schema='ops')
    op.create_table('alert_delivery',
    sa.Column('alert_id', sa.BigInteger(), autoincrement=False, nullable=False, comment='Alert'),
    sa.Column('route', sa.Text(), nullable=False, comment='Route: webhook, mail or slack'),
    sa.Column('state', sa.Text(), server_default='pending', nullable=False, comment='pending, delivered or failed'),
    sa.Column('attempts', sa.BigInteger(), server_default='0', nullable=False, comment='How often it was sent, or should have been'),
    sa.Column('error', sa.Text(), nullable=True, comment='Why the last attempt failed, without an address or a secret'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='When it was planned'),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True, comment='When it was attempted last; of a delivered one, when it was delivered'),
    sa.PrimaryKeyConstraint('alert_id', 'route'),
    schema='ops',
    comment='The message about an alert by each route that there was when it was found'
    )


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
