"""markers of cytometry: vocabularies, readings, headers of FCS files

Revision: 0041, after 0040

Captures from before name no vocabulary: a replay of what was landed reads their markers.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = '0041'
down_revision = '0040'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'marker_vocabulary',
        _text('version', 'Digest of the names', nullable=False),
        _text('source', 'Where the names are from', nullable=False),
        sa.Column('names', JSONB(), nullable=False, comment='All names with their meaning'),
        sa.Column('recorded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When it was first used'),
        sa.PrimaryKeyConstraint('version', name=op.f('marker_vocabulary_pkey')),
        schema='history',
        comment='Vocabularies that markers were read with, each whole: no reading depends on what is gone',
    )
    op.create_table(
        'marker_reading',
        sa.Column('study_key', sa.BigInteger(), autoincrement=False, nullable=False, comment='Study'),
        _text('vocabulary_version', 'Vocabulary it was read with', nullable=False),
        _text('species', 'Species whose names hold, as subjects have it; empty for an unknown one', nullable=False),
        _text('kind', 'population: a gating definition; parameter: a name of a parameter', nullable=False),
        sa.Column('digest', sa.UUID(), nullable=False, comment='Digest of the text'),
        _text('text', 'The text as reported', nullable=False),
        _texts('reported', 'Its elements in their order; of a parameter, what was found'),
        _texts('preferred', 'Preferred name of each, without the sign; empty for an unknown one'),
        _texts('marker', 'Marker of each, without the sign: preferred where known, else as reported'),
        _texts('sign', 'Expression value of each: one of + - ++ +- +~, or empty'),
        _texts('accession', 'Accession of the analyte of each; empty for what is not one'),
        _text('summary', 'What the rules make of the whole text', nullable=False),
        _text('markers', 'Its elements in alphabetical order: preferred where known, else as reported', nullable=False),
        sa.PrimaryKeyConstraint('study_key', 'vocabulary_version', 'species', 'kind', 'digest', name=op.f('marker_reading_pkey')),
        schema='history',
        comment='What the rules read in a text with a vocabulary: never changed, added to when a text is new',
    )
    op.create_table(
        'fcs_file_header',
        sa.Column('study_key', sa.BigInteger(), autoincrement=False, nullable=False, comment='Study'),
        _text('file_uuid', 'UUID of the file: other bytes have another', nullable=False),
        sa.Column('data_set', sa.Integer(), autoincrement=False, nullable=False, comment='Data set of the file, from 1'),
        sa.Column('fcs_version', sa.Numeric(), nullable=False, comment='Version of the FCS standard'),
        sa.Column('number_of_events', sa.BigInteger(), nullable=True, comment='$TOT; null where the file does not state it'),
        _texts('pnn', '$PnN of each parameter, empty where the file has none'),
        _texts('pns', '$PnS of each parameter, empty where the file has none'),
        _texts('notes', 'What is wrong with the file although its header could be read'),
        sa.Column('read_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When it was read'),
        sa.PrimaryKeyConstraint('study_key', 'file_uuid', 'data_set', name=op.f('fcs_file_header_pkey')),
        schema='history',
        comment='Headers that were read from FCS files: one data set each',
    )
    op.add_column('capture', _text('marker_vocabulary', 'Vocabulary that the markers of cytometry are read with as of the release'), schema='ops')
    op.add_column('file_download', _text('fcs_header', 'What came of reading the header of an FCS file: how many parameters it has, or why it could not be read; null for another file'), schema='ops')


def _text(name: str, comment: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable, comment=comment)


def _texts(name: str, comment: str) -> sa.Column:
    return sa.Column(name, sa.ARRAY(sa.Text()), nullable=False, comment=comment)


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
