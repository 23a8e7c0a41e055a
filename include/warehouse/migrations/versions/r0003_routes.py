"""how a study came, its release files, files, circuits

Revision: 0003, after 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('circuit',
    sa.Column('host', sa.Text(), nullable=False, comment='Host and port'),
    sa.Column('state', sa.Text(), nullable=False, comment='closed, open or half-open'),
    sa.Column('failures', sa.BigInteger(), autoincrement=False, nullable=False, comment='Failures in a row'),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True, comment='When it was opened'),
    sa.Column('openings', sa.BigInteger(), server_default='0', autoincrement=False, nullable=False, comment='Openings in a row without an answer between'),
    sa.Column('error', sa.Text(), nullable=True, comment='The last failure'),
    sa.PrimaryKeyConstraint('host', name=op.f('circuit_pkey')),
    schema='ops',
    comment='Services that failed time and again: they are left alone for a while'
    )
    op.create_table('file_download',
    sa.Column('study_accession', sa.Text(), nullable=False, comment='Study'),
    sa.Column('file_uuid', sa.Text(), nullable=False, comment='UUID'),
    sa.Column('path', sa.Text(), nullable=False, comment='Path ImmPort gives it'),
    sa.Column('file_type', sa.Text(), nullable=True, comment='Type, result_file'),
    sa.Column('size_bytes', sa.BigInteger(), autoincrement=False, nullable=True, comment='Size ImmPort gives it'),
    sa.Column('md5', sa.Text(), nullable=True, comment='MD5 ImmPort gives it'),
    sa.Column('location', sa.Text(), nullable=True, comment='Where it lies'),
    sa.Column('state', sa.Text(), nullable=False, comment='planned, present, failed or left out'),
    sa.Column('error', sa.Text(), nullable=True, comment='Why it failed or was left out'),
    sa.Column('bytes_fetched', sa.BigInteger(), server_default='0', autoincrement=False, nullable=False, comment='Bytes that came over the network for it'),
    sa.Column('run_id', sa.Text(), nullable=True, comment='Run that last had to do with it'),
    sa.Column('changed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='When the state last changed'),
    sa.PrimaryKeyConstraint('study_accession', 'file_uuid', name=op.f('file_download_pkey')),
    schema='ops',
    comment='Files brought to the object storage, and those that could not be'
    )
    op.create_table('format_verdict',
    sa.Column('source', sa.Text(), nullable=False, comment='Host that was asked'),
    sa.Column('endpoint', sa.Text(), nullable=False, comment='Endpoint'),
    sa.Column('is_equal', sa.Boolean(), nullable=False, comment='Every cell agreed'),
    sa.Column('header', sa.Text(), nullable=False, comment='Header line of the TSV; another one reopens the question'),
    sa.Column('rows_compared', sa.BigInteger(), autoincrement=False, nullable=False, comment='Rows of the answer that was compared'),
    sa.Column('detail', sa.Text(), nullable=True, comment='The first difference, or why the question was reopened'),
    sa.Column('proven_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='When'),
    sa.PrimaryKeyConstraint('source', 'endpoint', name=op.f('format_verdict_pkey')),
    schema='ops',
    comment='Whether an endpoint says the same in TSV as in JSON, tried once on a small answer'
    )
    op.create_table('package_table',
    sa.Column('load_id', sa.BigInteger(), autoincrement=False, nullable=False, comment='Load'),
    sa.Column('table_name', sa.Text(), nullable=False, comment='Table, as the package names it'),
    sa.Column('rows', sa.BigInteger(), autoincrement=False, nullable=False, comment='Rows in it'),
    sa.Column('read_for', sa.Text(), nullable=True, comment='Endpoints whose rows are made of it; null for a table that nothing reads'),
    sa.PrimaryKeyConstraint('load_id', 'table_name', name=op.f('package_table_pkey')),
    schema='ops',
    comment='Tables of the package of a load, those that nothing reads included'
    )
    op.create_table('release_file',
    sa.Column('study_accession', sa.Text(), nullable=False, comment='Study'),
    sa.Column('file_name', sa.Text(), nullable=False, comment='Name, SDY139-DR25_Tab.zip'),
    sa.Column('file_uuid', sa.Text(), nullable=False, comment='UUID'),
    sa.Column('md5', sa.Text(), nullable=True, comment='MD5 of its bytes'),
    sa.Column('size_bytes', sa.BigInteger(), autoincrement=False, nullable=True, comment='Size'),
    sa.Column('seen_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='When'),
    sa.PrimaryKeyConstraint('study_accession', 'file_name', name=op.f('release_file_pkey')),
    schema='ops',
    comment='Release files of each study as last seen: another MD5 is another content'
    )
    op.add_column('capture', sa.Column('reason', sa.Text(), nullable=True, comment='Of a withdrawal: withdrawn, restricted or moved, and how that is known'), schema='ops')
    op.add_column('load', sa.Column('listed_version', sa.Text(), nullable=True, comment='Release that the listing gave the study; null when it was not asked'), schema='ops')
    op.add_column('load', sa.Column('route', sa.Text(), nullable=True, comment='How it came: api or package; null until that is chosen'), schema='ops')
    op.add_column('load', sa.Column('route_reason', sa.Text(), nullable=True, comment='Why it came that way'), schema='ops')
    op.add_column('load', sa.Column('file_uuid', sa.Text(), nullable=True, comment='Package to load, by its UUID, where the run names one'), schema='ops')
    op.add_column('run', sa.Column('dag_id', sa.Text(), server_default='immport_release', nullable=False, comment='DAG of the run'), schema='ops')
    op.create_table_comment(
        'run',
        'One run of a DAG that loads studies or files',
        existing_comment='One run of the release DAG',
        schema='ops'
    )
    op.add_column('staged', sa.Column('is_known', sa.Boolean(), server_default=sa.text('true'), nullable=False, comment='The load tells about the endpoint; otherwise what is held stays as it is'), schema='ops')
    op.add_column('staged', sa.Column('pieces', sa.BigInteger(), server_default='1', autoincrement=False, nullable=False, comment='Parts in which it was asked for; 0 for none, 1 for a whole answer'), schema='ops')
    op.add_column('staged', sa.Column('rows_expected', sa.BigInteger(), autoincrement=False, nullable=True, comment='Rows that another count has'), schema='ops')
    op.add_column('staged', sa.Column('expected_from', sa.Text(), nullable=True, comment="That count: the release's table counts, an undivided answer"), schema='ops')
    op.add_column('staged', sa.Column('note', sa.Text(), nullable=True, comment='What a person should know: why nothing was asked for, why in parts'), schema='ops')
    op.add_column('study', sa.Column('listed_version', sa.Text(), nullable=True, comment='Release that the listing gave the study then'), schema='ops')
    op.add_column('study', sa.Column('reason', sa.Text(), nullable=True, comment='Why it is withdrawn: withdrawn, restricted or moved, and how that is known'), schema='ops')
    op.add_column('work', sa.Column('expected_bytes', sa.BigInteger(), autoincrement=False, nullable=True, comment='Size of the package to be fetched'), schema='ops')
    op.alter_column('work', 'action',
               existing_type=sa.TEXT(),
               comment='load, withdraw, keep, hold or, in a dry run, plan',
               existing_comment='load, withdraw, keep or hold',
               existing_nullable=False,
               schema='ops')


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
