"""orthologs and files of images

Revision: 0046, after 0045
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from include.warehouse.migrations.special_members import insert_special_members

revision = '0046'
down_revision = '0045'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('bridge_ortholog',
    sa.Column('ortholog_table_key', sa.BigInteger(), nullable=False, comment='Ortholog table that the row comes from'),
    sa.Column('pair_id', sa.Text(), nullable=False, comment='Accession of the mouse gene, and the Entrez identifier of the human one'),
    sa.Column('gene_key', sa.BigInteger(), nullable=False, comment='The human gene'),
    sa.Column('mgi_id', sa.Text(), nullable=True, comment='Accession of the mouse gene at MGI, as in dim_mouse_gene'),
    sa.Column('mouse_symbol', sa.Text(), nullable=True, comment='Symbol of the mouse gene, as the table has it'),
    sa.Column('mouse_entrez_id', sa.Text(), nullable=True, comment='Entrez identifier of the mouse gene'),
    sa.Column('human_entrez_id', sa.Text(), nullable=True, comment='Entrez identifier of the human gene'),
    sa.Column('human_hgnc_id', sa.Text(), nullable=True, comment='Identifier of the human gene at HGNC, HGNC:5438'),
    sa.Column('human_symbol', sa.Text(), nullable=True, comment='Symbol of the human gene, as the table has it'),
    sa.Column('class_key', sa.Text(), nullable=True, comment="Homology class that both belong to, by the table's number"),
    sa.Column('human_genes', sa.BigInteger(), nullable=True, comment='How many human genes the mouse gene has'),
    sa.Column('mouse_genes', sa.BigInteger(), nullable=True, comment='How many mouse genes the human gene has'),
    sa.Column('relation', sa.Text(), nullable=True, comment='one_to_one, one_to_many, many_to_one or many_to_many, from mouse to human'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_ortholog_interval_check')),
    sa.PrimaryKeyConstraint('ortholog_table_key', 'pair_id', 'valid_to', name=op.f('bridge_ortholog_pkey')),
    schema='history',
    comment='Versions of bridge_ortholog: one mouse gene and one human gene of the same homology class'
    )
    op.create_table('dim_ortholog_table',
    sa.Column('ortholog_table_key', sa.BigInteger(), nullable=False, comment='Surrogate key of the member'),
    sa.Column('stated_source', sa.Text(), nullable=True, comment="Where it comes from, as its first lines state it; null for MGI's own report, which states nothing"),
    sa.Column('stated_version', sa.Text(), nullable=True, comment='Its version, the same way'),
    sa.Column('stated_date', sa.Text(), nullable=True, comment='When it was made, the same way'),
    sa.Column('is_inferred', sa.Boolean(), nullable=False, comment='A row of the ortholog table names the member but its own endpoint does not describe it'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('dim_ortholog_table_interval_check')),
    sa.PrimaryKeyConstraint('ortholog_table_key', 'valid_to', name=op.f('dim_ortholog_table_pkey')),
    schema='history',
    comment='Versions of dim_ortholog_table: one published table of orthologs'
    )
    op.create_table('key_ortholog_table',
    sa.Column('ortholog_table_key', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Surrogate key'),
    sa.Column('ortholog_table_id', sa.Text(), nullable=True, comment='Identifier of the table: mouse_human'),
    sa.Column('natural_key', sa.UUID(), nullable=True, comment='Digest of the natural key; null for special members'),
    sa.PrimaryKeyConstraint('ortholog_table_key', name=op.f('key_ortholog_table_pkey')),
    sa.UniqueConstraint('natural_key', name=op.f('key_ortholog_table_natural_key_key')),
    schema='history',
    comment='Surrogate keys of dim_ortholog_table: one published table of orthologs. 0 unknown, -1 not applicable'
    )
    op.add_column('file_download', sa.Column('source', sa.Text(), server_default='immport', nullable=False, comment='Source that the file is of: immport, impc'), schema='ops')
    op.add_column('file_download', sa.Column('sha256', sa.Text(), nullable=True, comment='SHA-256 that IMPC states of an image; null for another file'), schema='ops')
    op.add_column('file_download', sa.Column('address', sa.Text(), nullable=True, comment='Where IMPC says that an image lies; null for another file'), schema='ops')
    op.alter_column('file_download', 'study_accession',
               existing_type=sa.TEXT(),
               comment='Study; of an image of IMPC its phenotyping centre',
               existing_comment='Study',
               existing_nullable=False,
               schema='ops')
    op.alter_column('file_download', 'file_uuid',
               existing_type=sa.TEXT(),
               comment='UUID; of an image what it is known by',
               existing_comment='UUID',
               existing_nullable=False,
               schema='ops')
    op.alter_column('file_download', 'path',
               existing_type=sa.TEXT(),
               comment='Path ImmPort gives it; of an image the path below the destination',
               existing_comment='Path ImmPort gives it',
               existing_nullable=False,
               schema='ops')
    insert_special_members('ortholog_table', scope_key=None)


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
