"""submissions to ImmPort: packages, their tickets, lines of reports

Revision: 0049, after 0048
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0049'
down_revision = '0048'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('submission',
    sa.Column('submission_id', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Number of the submission'),
    sa.Column('service', sa.Text(), nullable=False, comment='upload or batch_updater'),
    sa.Column('workspace_id', sa.BigInteger(), nullable=False, comment='Workspace that it goes to'),
    sa.Column('content_digest', sa.Text(), nullable=False, comment='SHA-256 of names and content of its files'),
    sa.Column('workspace', sa.Text(), nullable=True, comment='Name of the workspace'),
    sa.Column('package', sa.Text(), nullable=False, comment='Name of the zip file as it is sent'),
    sa.Column('place', sa.Text(), nullable=False, comment='Where the lab has the package'),
    sa.Column('notes', sa.Text(), nullable=True, comment='Notes that are sent with it'),
    sa.Column('is_offline', sa.Boolean(), nullable=False, comment='Its files come to ImmPort on another way than this'),
    sa.Column('files', sa.BigInteger(), nullable=False, comment='Files in it'),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False, comment='Size of the zip file'),
    sa.Column('rows', sa.BigInteger(), nullable=False, comment='Rows of its templates'),
    sa.Column('errors', sa.BigInteger(), nullable=False, comment='Errors that the check here found'),
    sa.Column('warnings', sa.BigInteger(), nullable=False, comment='Warnings of the check here'),
    sa.Column('declaration', sa.Text(), nullable=True, comment='Templates it was checked by, with their digest'),
    sa.Column('state', sa.Text(), nullable=False, comment='checked, refused, validating, valid, invalid, approved, declined, storing, stored or rejected'),
    sa.Column('decided_by', sa.Text(), nullable=True, comment='Who allowed or declined to have it stored'),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True, comment='When'),
    sa.Column('run_id', sa.Text(), nullable=False, comment='Run that worked on it last'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='When it was checked first'),
    sa.Column('changed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='When the state last changed'),
    sa.PrimaryKeyConstraint('submission_id', name=op.f('submission_pkey')),
    sa.UniqueConstraint('service', 'workspace_id', 'content_digest', name='submission_content_key'),
    schema='ops',
    comment='Packages on their way to a workspace of ImmPort: one row per content, service and workspace',
    )
    op.create_table('submission_ticket',
    sa.Column('submission_id', sa.BigInteger(), autoincrement=False, nullable=False, comment='Submission'),
    sa.Column('purpose', sa.Text(), nullable=False, comment='What ImmPort was to make of it, such as validateData or uploadData'),
    sa.Column('attempt', sa.BigInteger(), autoincrement=False, nullable=False, comment='Which time it was sent under this purpose, from 1'),
    sa.Column('state', sa.Text(), nullable=False, comment='sending, known, refused or not received; sending for longer is an answer that was lost'),
    sa.Column('ticket_number', sa.Text(), nullable=True, comment='Number that ImmPort gave it; null until it is known'),
    sa.Column('found_by', sa.Text(), nullable=True, comment='How the number is known: answer, lookup or person'),
    sa.Column('status', sa.Text(), nullable=True, comment='Last status'),
    sa.Column('statuses', sa.ARRAY(sa.Text()), server_default='{}', nullable=False, comment='All statuses that were seen, in their order'),
    sa.Column('error', sa.Text(), nullable=True, comment='Why it was refused, or how the answer was lost'),
    sa.Column('sent_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='When sending began'),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True, comment='When the number was known'),
    sa.Column('requested_at', sa.DateTime(timezone=True), nullable=True, comment='When validation of the ticket was requested'),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True, comment='When the last status was seen'),
    sa.Column('database_report', sa.Text(), nullable=True, comment="ImmPort's report of what was stored"),
    sa.Column('run_id', sa.Text(), nullable=False, comment='Run that sent it'),
    sa.PrimaryKeyConstraint('submission_id', 'purpose', 'attempt', name=op.f('submission_ticket_pkey')),
    sa.UniqueConstraint('ticket_number', name='submission_ticket_number_key'),
    schema='ops',
    comment='Tickets of submissions: the row is there before anything is sent, so that nothing is sent twice',
    )
    op.create_table('submission_line',
    sa.Column('submission_id', sa.BigInteger(), autoincrement=False, nullable=False, comment='Submission'),
    sa.Column('purpose', sa.Text(), nullable=False, comment='Purpose of the ticket; check for the check here'),
    sa.Column('attempt', sa.BigInteger(), autoincrement=False, nullable=False, comment='Attempt of the ticket; 0 for the check here'),
    sa.Column('position', sa.BigInteger(), autoincrement=False, nullable=False, comment='Place in the report, from 0'),
    sa.Column('file_name', sa.Text(), nullable=True, comment='File of the package'),
    sa.Column('line_number', sa.BigInteger(), nullable=True, comment='Line of the file'),
    sa.Column('status', sa.Text(), nullable=False, comment='Status of the line; of the check here, error or warning'),
    sa.Column('description', sa.Text(), nullable=True, comment='What is said of it'),
    sa.Column('error', sa.Text(), nullable=True, comment='What is wrong'),
    sa.PrimaryKeyConstraint('submission_id', 'purpose', 'attempt', 'position', name=op.f('submission_line_pkey')),
    schema='ops',
    comment="Lines of reports: of ImmPort's summaries, and of the check here",
    )
    op.alter_column('call', 'step', schema='ops', existing_type=sa.Text(), existing_nullable=False,
        existing_comment='discover, extract, plan or download',
        comment='discover, extract, plan, download or submit')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
