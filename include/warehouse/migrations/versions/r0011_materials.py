"""materials, cytometry and ties that packages tell; biosamples of experiment samples

Revision: 0011, after 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


#: New dimensions, with their references.
DIMENSIONS = {
    "treatment": (),
    "reagent": (),
    "control_sample": ("experiment_key",),
    "standard_curve": ("experiment_key",),
}
#: What a well of a bead array holds that is no sample: dimension, source type, comment.
SOURCES = {
    "control_sample": ("CONTROL SAMPLE", "Control measured"),
    "standard_curve": ("STANDARD CURVE", "Standard curve that the well is a point of"),
}


def upgrade() -> None:
    op.create_table('bridge_assessment_file',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('assessment_panel_file', sa.Text(), nullable=False, comment="Accession of the assessment panel and ImmPort's number of the file, with a stroke between"),
    sa.Column('assessment_panel_accession', sa.Text(), nullable=True, comment="ImmPort's accession of the panel, also in fact_assessment"),
    sa.Column('file_info_id', sa.BigInteger(), nullable=True, comment="ImmPort's number of the file; fact_result_file has those of results"),
    sa.Column('result_schema', sa.Text(), nullable=True, comment='Kind of result the file holds'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_assessment_file_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'assessment_panel_file', 'valid_from', name=op.f('bridge_assessment_file_pkey')),
    schema='history',
    comment='Versions of bridge_assessment_file: one file of one panel of assessed components'
    )
    op.create_index('bridge_assessment_file_open_key', 'bridge_assessment_file', ['study_key', 'assessment_panel_file'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_biosample_treatment',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('biosample_treatment', sa.Text(), nullable=False, comment='Accessions of the biosample and the treatment, with a stroke between'),
    sa.Column('biosample_key', sa.BigInteger(), nullable=False, comment='The biosample'),
    sa.Column('treatment_key', sa.BigInteger(), nullable=False, comment='The treatment'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_biosample_treatment_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'biosample_treatment', 'valid_from', name=op.f('bridge_biosample_treatment_pkey')),
    schema='history',
    comment='Versions of bridge_biosample_treatment: one treatment of one biosample'
    )
    op.create_index('bridge_biosample_treatment_open_key', 'bridge_biosample_treatment', ['study_key', 'biosample_treatment'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_control_sample_file',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('control_sample_file', sa.Text(), nullable=False, comment="Accession of the control sample and ImmPort's number of the file, with a stroke between"),
    sa.Column('control_sample_key', sa.BigInteger(), nullable=False, comment='The control'),
    sa.Column('file_info_id', sa.BigInteger(), nullable=True, comment="ImmPort's number of the file; fact_result_file has those of results"),
    sa.Column('result_schema', sa.Text(), nullable=True, comment='Kind of result the file holds'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_control_sample_file_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'control_sample_file', 'valid_from', name=op.f('bridge_control_sample_file_pkey')),
    schema='history',
    comment='Versions of bridge_control_sample_file: one file of one control'
    )
    op.create_index('bridge_control_sample_file_open_key', 'bridge_control_sample_file', ['study_key', 'control_sample_file'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_experiment_protocol',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('experiment_protocol', sa.Text(), nullable=False, comment='Accessions of the experiment and the protocol, with a stroke between'),
    sa.Column('experiment_key', sa.BigInteger(), nullable=False, comment='The experiment'),
    sa.Column('protocol_key', sa.BigInteger(), nullable=False, comment='The protocol'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_experiment_protocol_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'experiment_protocol', 'valid_from', name=op.f('bridge_experiment_protocol_pkey')),
    schema='history',
    comment='Versions of bridge_experiment_protocol: one protocol of one experiment'
    )
    op.create_index('bridge_experiment_protocol_open_key', 'bridge_experiment_protocol', ['study_key', 'experiment_protocol'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_expsample_biosample',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('expsample_biosample', sa.Text(), nullable=False, comment='Accessions of the expsample and the biosample, with a stroke between'),
    sa.Column('expsample_key', sa.BigInteger(), nullable=False, comment='Experiment sample measured'),
    sa.Column('biosample_key', sa.BigInteger(), nullable=False, comment='The biosample'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_expsample_biosample_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'expsample_biosample', 'valid_from', name=op.f('bridge_expsample_biosample_pkey')),
    schema='history',
    comment='Versions of bridge_expsample_biosample: one biosample of one experiment sample'
    )
    op.create_index('bridge_expsample_biosample_open_key', 'bridge_expsample_biosample', ['study_key', 'expsample_biosample'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_expsample_reagent',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('expsample_reagent', sa.Text(), nullable=False, comment='Accessions of the expsample and the reagent, with a stroke between'),
    sa.Column('expsample_key', sa.BigInteger(), nullable=False, comment='Experiment sample measured'),
    sa.Column('reagent_key', sa.BigInteger(), nullable=False, comment='The reagent'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_expsample_reagent_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'expsample_reagent', 'valid_from', name=op.f('bridge_expsample_reagent_pkey')),
    schema='history',
    comment='Versions of bridge_expsample_reagent: one reagent used on one experiment sample'
    )
    op.create_index('bridge_expsample_reagent_open_key', 'bridge_expsample_reagent', ['study_key', 'expsample_reagent'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_expsample_repository',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('expsample_repository', sa.Text(), nullable=False, comment='Accessions of the expsample and the repository, with a stroke between'),
    sa.Column('expsample_key', sa.BigInteger(), nullable=False, comment='Experiment sample measured'),
    sa.Column('repository_name', sa.Text(), nullable=True, comment='Repository: GEO, SRA'),
    sa.Column('repository_accession', sa.Text(), nullable=True, comment='Accession of the raw data there'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_expsample_repository_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'expsample_repository', 'valid_from', name=op.f('bridge_expsample_repository_pkey')),
    schema='history',
    comment='Versions of bridge_expsample_repository: raw data of one experiment sample under one accession of a public repository'
    )
    op.create_index('bridge_expsample_repository_open_key', 'bridge_expsample_repository', ['study_key', 'expsample_repository'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_expsample_treatment',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('expsample_treatment', sa.Text(), nullable=False, comment='Accessions of the expsample and the treatment, with a stroke between'),
    sa.Column('expsample_key', sa.BigInteger(), nullable=False, comment='Experiment sample measured'),
    sa.Column('treatment_key', sa.BigInteger(), nullable=False, comment='The treatment'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_expsample_treatment_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'expsample_treatment', 'valid_from', name=op.f('bridge_expsample_treatment_pkey')),
    schema='history',
    comment='Versions of bridge_expsample_treatment: one treatment of one experiment sample'
    )
    op.create_index('bridge_expsample_treatment_open_key', 'bridge_expsample_treatment', ['study_key', 'expsample_treatment'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_fcs_header_marker',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('fcs_header_parameter', sa.Text(), nullable=False, comment='Numbers of the header and of the parameter in the file, with a stroke between'),
    sa.Column('fcs_header_id', sa.BigInteger(), nullable=True, comment="ImmPort's number of the header, in fact_fcs_header"),
    sa.Column('parameter_number', sa.BigInteger(), nullable=True, comment='Number of the parameter in the file'),
    sa.Column('pnn_reported', sa.Text(), nullable=True, comment='Short name of the parameter: a detector, as reported, never altered'),
    sa.Column('pnn_preferred', sa.Text(), nullable=True, comment='Short name of the parameter: a detector, as ImmPort curated it'),
    sa.Column('pns_reported', sa.Text(), nullable=True, comment='Long name of the parameter: a marker, as reported, never altered'),
    sa.Column('pns_preferred', sa.Text(), nullable=True, comment='Long name of the parameter: a marker, as ImmPort curated it'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_fcs_header_marker_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'fcs_header_parameter', 'valid_from', name=op.f('bridge_fcs_header_marker_pkey')),
    schema='history',
    comment='Versions of bridge_fcs_header_marker: one parameter of one FCS file'
    )
    op.create_index('bridge_fcs_header_marker_open_key', 'bridge_fcs_header_marker', ['study_key', 'fcs_header_parameter'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_fcs_result_marker',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('fcs_analyzed_result_marker_id', sa.BigInteger(), nullable=False, comment="ImmPort's number of the marker of a result"),
    sa.Column('result_id', sa.BigInteger(), nullable=True, comment='Result of fact_fcs_analyzed'),
    sa.Column('population_marker_reported', sa.Text(), nullable=True, comment='Marker, with its sign, as reported, never altered'),
    sa.Column('population_marker_preferred', sa.Text(), nullable=True, comment='Marker, with its sign, as ImmPort curated it'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_fcs_result_marker_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'fcs_analyzed_result_marker_id', 'valid_from', name=op.f('bridge_fcs_result_marker_pkey')),
    schema='history',
    comment='Versions of bridge_fcs_result_marker: one marker by which the population of one result was gated'
    )
    op.create_index('bridge_fcs_result_marker_open_key', 'bridge_fcs_result_marker', ['study_key', 'fcs_analyzed_result_marker_id'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_lab_panel_protocol',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('lab_test_panel_protocol', sa.Text(), nullable=False, comment='Accessions of the lab test panel and the protocol, with a stroke between'),
    sa.Column('protocol_key', sa.BigInteger(), nullable=False, comment='The protocol'),
    sa.Column('lab_test_panel_accession', sa.Text(), nullable=True, comment="ImmPort's accession of the panel, also in fact_lab_test"),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_lab_panel_protocol_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'lab_test_panel_protocol', 'valid_from', name=op.f('bridge_lab_panel_protocol_pkey')),
    schema='history',
    comment='Versions of bridge_lab_panel_protocol: one protocol of one panel of lab tests'
    )
    op.create_index('bridge_lab_panel_protocol_open_key', 'bridge_lab_panel_protocol', ['study_key', 'lab_test_panel_protocol'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_reagent_set',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('reagent_set_reagent', sa.Text(), nullable=False, comment='Accessions of the reagent set and the reagent, with a stroke between'),
    sa.Column('set_reagent_key', sa.BigInteger(), nullable=False, comment='The set'),
    sa.Column('reagent_key', sa.BigInteger(), nullable=False, comment='The reagent'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_reagent_set_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'reagent_set_reagent', 'valid_from', name=op.f('bridge_reagent_set_pkey')),
    schema='history',
    comment='Versions of bridge_reagent_set: one reagent of one set'
    )
    op.create_index('bridge_reagent_set_open_key', 'bridge_reagent_set', ['study_key', 'reagent_set_reagent'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_standard_curve_file',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('standard_curve_file', sa.Text(), nullable=False, comment="Accession of the standard curve and ImmPort's number of the file, with a stroke between"),
    sa.Column('standard_curve_key', sa.BigInteger(), nullable=False, comment='The curve'),
    sa.Column('file_info_id', sa.BigInteger(), nullable=True, comment="ImmPort's number of the file; fact_result_file has those of results"),
    sa.Column('result_schema', sa.Text(), nullable=True, comment='Kind of result the file holds'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_standard_curve_file_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'standard_curve_file', 'valid_from', name=op.f('bridge_standard_curve_file_pkey')),
    schema='history',
    comment='Versions of bridge_standard_curve_file: one file of one standard curve'
    )
    op.create_index('bridge_standard_curve_file_open_key', 'bridge_standard_curve_file', ['study_key', 'standard_curve_file'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_study_panel',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('study_panel', sa.Text(), nullable=False, comment='Accession of the study and name of the part, with a stroke between'),
    sa.Column('panel_name', sa.Text(), nullable=True, comment='Name of the part'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_study_panel_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'study_panel', 'valid_from', name=op.f('bridge_study_panel_pkey')),
    schema='history',
    comment='Versions of bridge_study_panel: one part of the page that ImmPort shows of one study'
    )
    op.create_index('bridge_study_panel_open_key', 'bridge_study_panel', ['study_key', 'study_panel'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_study_research_focus',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('study_categorization_id', sa.BigInteger(), nullable=False, comment="ImmPort's number of the tie"),
    sa.Column('research_focus', sa.Text(), nullable=True, comment='Research focus'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_study_research_focus_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'study_categorization_id', 'valid_from', name=op.f('bridge_study_research_focus_pkey')),
    schema='history',
    comment='Versions of bridge_study_research_focus: one research focus of one study; dim_study has them in one text, by either route'
    )
    op.create_index('bridge_study_research_focus_open_key', 'bridge_study_research_focus', ['study_key', 'study_categorization_id'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('dim_control_sample',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('control_sample_key', sa.BigInteger(), nullable=False, comment='Surrogate key of the member'),
    sa.Column('experiment_key', sa.BigInteger(), nullable=False, comment='Experiment of the result'),
    sa.Column('assay_id', sa.Text(), nullable=True, comment='Plate'),
    sa.Column('assay_group_id', sa.Text(), nullable=True, comment='Group of plates'),
    sa.Column('catalog_id', sa.Text(), nullable=True, comment="Number in the source's catalogue"),
    sa.Column('lot_number', sa.Text(), nullable=True, comment='Lot'),
    sa.Column('source', sa.Text(), nullable=True, comment='Where the control comes from'),
    sa.Column('dilution_factor', sa.Numeric(), nullable=True, comment='How often it was diluted'),
    sa.Column('dilution_factor_text', sa.Text(), nullable=True, comment='How often it was diluted, as sent, where it is no number'),
    sa.Column('result_schema', sa.Text(), nullable=True, comment='Kind of result the control was made for'),
    sa.Column('is_inferred', sa.Boolean(), nullable=False, comment='A row of the study names the member but its own endpoint does not describe it'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('dim_control_sample_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'control_sample_key', 'valid_from', name=op.f('dim_control_sample_pkey')),
    schema='history',
    comment='Versions of dim_control_sample: one control of an assay'
    )
    op.create_index('dim_control_sample_open_key', 'dim_control_sample', ['study_key', 'control_sample_key'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('dim_reagent',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('reagent_key', sa.BigInteger(), nullable=False, comment='Surrogate key of the member'),
    sa.Column('name', sa.Text(), nullable=True, comment='Name of the reagent'),
    sa.Column('type', sa.Text(), nullable=True, comment='Kind of reagent'),
    sa.Column('is_set', sa.Text(), nullable=True, comment='Y when it is a set; bridge_reagent_set has its members'),
    sa.Column('analyte_accession', sa.Text(), nullable=True, comment="ImmPort's accession of the analyte, ANA..., also in dim_analyte"),
    sa.Column('analyte_reported', sa.Text(), nullable=True, comment='Analyte as reported'),
    sa.Column('analyte_preferred', sa.Text(), nullable=True, comment="Analyte in ImmPort's words"),
    sa.Column('clone_name', sa.Text(), nullable=True, comment='Clone of an antibody, or what detects the analyte'),
    sa.Column('reporter_name', sa.Text(), nullable=True, comment='What is read: a fluorophore, an enzyme'),
    sa.Column('manufacturer', sa.Text(), nullable=True, comment='Manufacturer'),
    sa.Column('catalog_number', sa.Text(), nullable=True, comment="Number in the manufacturer's catalogue"),
    sa.Column('lot_number', sa.Text(), nullable=True, comment='Lot'),
    sa.Column('antibody_registry_id', sa.Text(), nullable=True, comment='Identifier in the antibody registry'),
    sa.Column('description', sa.Text(), nullable=True, comment='Description of the reagent'),
    sa.Column('weblink', sa.Text(), nullable=True, comment='Page about the reagent'),
    sa.Column('is_inferred', sa.Boolean(), nullable=False, comment='A row of the study names the member but its own endpoint does not describe it'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('dim_reagent_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'reagent_key', 'valid_from', name=op.f('dim_reagent_pkey')),
    schema='history',
    comment='Versions of dim_reagent: one reagent, or one set of reagents'
    )
    op.create_index('dim_reagent_open_key', 'dim_reagent', ['study_key', 'reagent_key'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('dim_standard_curve',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('standard_curve_key', sa.BigInteger(), nullable=False, comment='Surrogate key of the member'),
    sa.Column('experiment_key', sa.BigInteger(), nullable=False, comment='Experiment of the result'),
    sa.Column('analyte_accession', sa.Text(), nullable=True, comment="ImmPort's accession of the analyte, ANA..., also in dim_analyte"),
    sa.Column('analyte_reported', sa.Text(), nullable=True, comment='Analyte as reported'),
    sa.Column('analyte_preferred', sa.Text(), nullable=True, comment="Analyte in ImmPort's words"),
    sa.Column('assay_id', sa.Text(), nullable=True, comment='Plate'),
    sa.Column('assay_group_id', sa.Text(), nullable=True, comment='Group of plates'),
    sa.Column('formula', sa.Text(), nullable=True, comment='Formula of the curve'),
    sa.Column('lower_limit', sa.Numeric(), nullable=True, comment='Lowest concentration that can be told (unit: lower_limit_unit)'),
    sa.Column('lower_limit_text', sa.Text(), nullable=True, comment='Lowest concentration that can be told, as sent, where it is no number'),
    sa.Column('lower_limit_unit', sa.Text(), nullable=True, comment='Unit of the lower limit'),
    sa.Column('upper_limit', sa.Numeric(), nullable=True, comment='Highest concentration that can be told (unit: upper_limit_unit)'),
    sa.Column('upper_limit_text', sa.Text(), nullable=True, comment='Highest concentration that can be told, as sent, where it is no number'),
    sa.Column('upper_limit_unit', sa.Text(), nullable=True, comment='Unit of the upper limit'),
    sa.Column('result_schema', sa.Text(), nullable=True, comment='Kind of result the curve was made for'),
    sa.Column('is_inferred', sa.Boolean(), nullable=False, comment='A row of the study names the member but its own endpoint does not describe it'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('dim_standard_curve_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'standard_curve_key', 'valid_from', name=op.f('dim_standard_curve_pkey')),
    schema='history',
    comment='Versions of dim_standard_curve: the standard curve of one analyte on one plate'
    )
    op.create_index('dim_standard_curve_open_key', 'dim_standard_curve', ['study_key', 'standard_curve_key'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('dim_treatment',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('treatment_key', sa.BigInteger(), nullable=False, comment='Surrogate key of the member'),
    sa.Column('name', sa.Text(), nullable=True, comment='Name of the treatment'),
    sa.Column('amount_value', sa.Numeric(), nullable=True, comment='Amount given (unit: amount_unit)'),
    sa.Column('amount_value_text', sa.Text(), nullable=True, comment='Amount given, as sent, where it is no number'),
    sa.Column('amount_unit', sa.Text(), nullable=True, comment='Unit of the amount'),
    sa.Column('duration_value', sa.Numeric(), nullable=True, comment='How long it was given (unit: duration_unit)'),
    sa.Column('duration_value_text', sa.Text(), nullable=True, comment='How long it was given, as sent, where it is no number'),
    sa.Column('duration_unit', sa.Text(), nullable=True, comment='Unit of the duration'),
    sa.Column('temperature_value', sa.Numeric(), nullable=True, comment='Temperature (unit: temperature_unit)'),
    sa.Column('temperature_value_text', sa.Text(), nullable=True, comment='Temperature, as sent, where it is no number'),
    sa.Column('temperature_unit', sa.Text(), nullable=True, comment='Unit of the temperature'),
    sa.Column('comments', sa.Text(), nullable=True, comment='Comments of the submitter'),
    sa.Column('is_inferred', sa.Boolean(), nullable=False, comment='A row of the study names the member but its own endpoint does not describe it'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('dim_treatment_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'treatment_key', 'valid_from', name=op.f('dim_treatment_pkey')),
    schema='history',
    comment='Versions of dim_treatment: one treatment that samples were given'
    )
    op.create_index('dim_treatment_open_key', 'dim_treatment', ['study_key', 'treatment_key'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('fact_fcs_header',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('fcs_header_id', sa.BigInteger(), nullable=False, comment="ImmPort's number of the header"),
    sa.Column('expsample_key', sa.BigInteger(), nullable=False, comment='Experiment sample measured'),
    sa.Column('file_info_id', sa.BigInteger(), nullable=True, comment="ImmPort's number of the file, also in fact_result_file"),
    sa.Column('fcs_file_name', sa.Text(), nullable=True, comment='Name of the file as it was submitted'),
    sa.Column('fcs_version', sa.Numeric(), nullable=True, comment='Version of the FCS standard'),
    sa.Column('compensation_flag', sa.Text(), nullable=True, comment='Y when the file was compensated'),
    sa.Column('panel_reported', sa.Text(), nullable=True, comment='Parameters of the file, with strokes between, as reported, never altered'),
    sa.Column('panel_preferred', sa.Text(), nullable=True, comment='Parameters of the file, with strokes between, as ImmPort curated it'),
    sa.Column('number_of_events', sa.BigInteger(), nullable=True, comment='Cells and other events measured (unit: events)'),
    sa.Column('number_of_markers', sa.BigInteger(), nullable=True, comment='Parameters of each event (unit: parameters)'),
    sa.Column('minimum_intensity', sa.Numeric(), nullable=True, comment='Lowest intensity in the file (unit: arbitrary units)'),
    sa.Column('maximum_intensity', sa.Numeric(), nullable=True, comment='Highest intensity in the file (unit: arbitrary units)'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('fact_fcs_header_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'fcs_header_id', 'valid_from', name=op.f('fact_fcs_header_pkey')),
    schema='history',
    comment='Versions of fact_fcs_header: the header of one FCS file of one experiment sample'
    )
    op.create_index('fact_fcs_header_open_key', 'fact_fcs_header', ['study_key', 'fcs_header_id'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('fact_rna_seq',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('result_id', sa.BigInteger(), nullable=False, comment="ImmPort's number of the result, unique within its assay"),
    sa.Column('arm_key', sa.BigInteger(), nullable=False, comment='Arm of the subject'),
    sa.Column('subject_key', sa.BigInteger(), nullable=False, comment='Subject measured'),
    sa.Column('participation_key', sa.BigInteger(), nullable=False, comment='The subject in that arm, with its age'),
    sa.Column('biosample_key', sa.BigInteger(), nullable=False, comment='Sample measured'),
    sa.Column('expsample_key', sa.BigInteger(), nullable=False, comment='Experiment sample measured'),
    sa.Column('experiment_key', sa.BigInteger(), nullable=False, comment='Experiment of the result'),
    sa.Column('planned_visit_key', sa.BigInteger(), nullable=False, comment='Visit of the sample'),
    sa.Column('study_time_key', sa.BigInteger(), nullable=False, comment='Time of collection relative to time zero'),
    sa.Column('technique_key', sa.BigInteger(), nullable=False, comment='Measurement technique'),
    sa.Column('unit_key', sa.BigInteger(), nullable=False, comment='Unit: preferred, else as reported'),
    sa.Column('reference_transcript_id', sa.Text(), nullable=True, comment='Transcript, in the reference'),
    sa.Column('reference_repository_name', sa.Text(), nullable=True, comment='Repository of the reference'),
    sa.Column('transcript_type_reported', sa.Text(), nullable=True, comment='Kind of transcript, as reported, never altered'),
    sa.Column('transcript_type_preferred', sa.Text(), nullable=True, comment='Kind of transcript, as ImmPort curated it'),
    sa.Column('value_reported', sa.Text(), nullable=True, comment='Value, as reported, never altered'),
    sa.Column('value_preferred', sa.Numeric(), nullable=True, comment='Value, as ImmPort curated it'),
    sa.Column('result_unit_reported', sa.Text(), nullable=True, comment='Unit, as reported, never altered'),
    sa.Column('result_unit_preferred', sa.Text(), nullable=True, comment='Unit, as ImmPort curated it'),
    sa.Column('treatment_accession', sa.Text(), nullable=True, comment='Treatments of the sample, as ImmPort lists them'),
    sa.Column('comments', sa.Text(), nullable=True, comment='Comments of the submitter or of ImmPort'),
    sa.Column('repository_accession', sa.Text(), nullable=True, comment='Accession of the raw data in a public repository'),
    sa.Column('repository_name', sa.Text(), nullable=True, comment='That repository'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('fact_rna_seq_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'result_id', 'valid_from', name=op.f('fact_rna_seq_pkey')),
    schema='history',
    comment='Versions of fact_rna_seq: one transcript of one RNA sequencing, where ImmPort holds it as a row and not in a file'
    )
    op.create_index('fact_rna_seq_open_key', 'fact_rna_seq', ['study_key', 'result_id'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('key_control_sample',
    sa.Column('control_sample_key', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Surrogate key'),
    sa.Column('control_sample_accession', sa.Text(), nullable=True, comment="ImmPort's accession of the control, CS..."),
    sa.Column('natural_key', sa.UUID(), nullable=True, comment='Digest of the natural key; null for special members'),
    sa.PrimaryKeyConstraint('control_sample_key', name=op.f('key_control_sample_pkey')),
    sa.UniqueConstraint('natural_key', name=op.f('key_control_sample_natural_key_key')),
    schema='history',
    comment='Surrogate keys of dim_control_sample: one control of an assay. 0 unknown, -1 not applicable'
    )
    op.create_table('key_reagent',
    sa.Column('reagent_key', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Surrogate key'),
    sa.Column('reagent_accession', sa.Text(), nullable=True, comment="ImmPort's accession of the reagent, ESR..."),
    sa.Column('natural_key', sa.UUID(), nullable=True, comment='Digest of the natural key; null for special members'),
    sa.PrimaryKeyConstraint('reagent_key', name=op.f('key_reagent_pkey')),
    sa.UniqueConstraint('natural_key', name=op.f('key_reagent_natural_key_key')),
    schema='history',
    comment='Surrogate keys of dim_reagent: one reagent, or one set of reagents. 0 unknown, -1 not applicable'
    )
    op.create_table('key_standard_curve',
    sa.Column('standard_curve_key', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Surrogate key'),
    sa.Column('standard_curve_accession', sa.Text(), nullable=True, comment="ImmPort's accession of the curve, SC..."),
    sa.Column('natural_key', sa.UUID(), nullable=True, comment='Digest of the natural key; null for special members'),
    sa.PrimaryKeyConstraint('standard_curve_key', name=op.f('key_standard_curve_pkey')),
    sa.UniqueConstraint('natural_key', name=op.f('key_standard_curve_natural_key_key')),
    schema='history',
    comment='Surrogate keys of dim_standard_curve: the standard curve of one analyte on one plate. 0 unknown, -1 not applicable'
    )
    op.create_table('key_treatment',
    sa.Column('treatment_key', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Surrogate key'),
    sa.Column('treatment_accession', sa.Text(), nullable=True, comment="ImmPort's accession of the treatment, TRT..."),
    sa.Column('natural_key', sa.UUID(), nullable=True, comment='Digest of the natural key; null for special members'),
    sa.PrimaryKeyConstraint('treatment_key', name=op.f('key_treatment_pkey')),
    sa.UniqueConstraint('natural_key', name=op.f('key_treatment_natural_key_key')),
    schema='history',
    comment='Surrogate keys of dim_treatment: one treatment that samples were given. 0 unknown, -1 not applicable'
    )
    op.add_column('fact_elisa', sa.Column('qualitative_result', sa.Text(), nullable=True, comment='Result in words, such as <50; known from older packages only'), schema='history')

    for name in DIMENSIONS:
        _members(name)
    for name, (kind, meaning) in SOURCES.items():
        _wells(name, kind, meaning)


def _members(name: str) -> None:
    """Every dimension has a member for what is unknown (0) and one for what cannot be (-1)."""
    members = "(values (0), (-1)) m (member)"
    unknown = "".join(f"{item}, " for item in DIMENSIONS[name])
    op.execute(
        f"insert into history.key_{name} ({name}_key) overriding system value select member from {members}"
    )
    op.execute(
        f"insert into history.dim_{name}"
        f" (study_key, {name}_key, {unknown}is_inferred, valid_from, valid_to, load_id)"
        f" select 0, member, {'0, ' * len(DIMENSIONS[name])}false, 0, 2147483647, 0 from {members}"
    )


def _wells(name: str, kind: str, meaning: str) -> None:
    """Give the bead array results that are there the key of their control or standard curve.

    Their members are inferred: no load of before described them.
    """
    key = f"{name}_key"
    is_one = f"upper(replace(f.source_type, '_', ' ')) = '{kind}'"
    op.add_column("fact_mbaa", sa.Column(key, sa.BigInteger(), comment=meaning), schema="history")
    op.execute(f"""
        insert into history.key_{name} ({name}_accession, natural_key)
        select f.source_accession, md5(f.source_accession)::uuid from history.fact_mbaa f
        where {is_one} and f.source_accession is not null group by 1 order by 2
    """)
    op.execute(f"""
        update history.fact_mbaa f set {key} = w.key from (
            select f.study_key, f.result_id, f.valid_from,
                coalesce(k.{key}, case when {is_one} then 0 else -1 end) as key
            from history.fact_mbaa f left join history.key_{name} k
                on {is_one} and k.natural_key = md5(f.source_accession)::uuid) w
        where (w.study_key, w.result_id, w.valid_from) = (f.study_key, f.result_id, f.valid_from)
    """)
    op.alter_column("fact_mbaa", key, nullable=False, schema="history")
    columns = "".join(f", {item}" for item in DIMENSIONS[name])
    op.execute(f"""
        insert into history.dim_{name} (study_key, {key}{columns}, is_inferred, valid_from, valid_to, load_id)
        select f.study_key, f.{key}{", 0" * len(DIMENSIONS[name])}, true, min(f.valid_from), max(f.valid_to),
            min(f.load_id)
        from history.fact_mbaa f where f.{key} > 0 group by f.study_key, f.{key}
    """)


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
