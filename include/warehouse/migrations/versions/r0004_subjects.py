"""subjects, papers and files

Revision: 0004, after 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

TERMS = ("lab_test", "assessment_component", "panel", "disease")
#: Dimensions with versions, none of which refers to another.
VERSIONED = ("person", "protocol", "publication", "program", "grant", "file")


def upgrade() -> None:
    op.create_table('bridge_study_condition',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('condition_reported', sa.Text(), nullable=False, comment='Condition as reported'),
    sa.Column('disease_key', sa.BigInteger(), nullable=False, comment='The condition as a disease'),
    sa.Column('condition_preferred', sa.Text(), nullable=True, comment="Condition in ImmPort's words"),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_study_condition_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'condition_reported', 'valid_from', name=op.f('bridge_study_condition_pkey')),
    schema='history',
    comment='Versions of bridge_study_condition: one condition of one study, as reported'
    )
    op.create_index('bridge_study_condition_open_key', 'bridge_study_condition', ['study_key', 'condition_reported'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_study_criterion',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('criterion_accession', sa.Text(), nullable=False, comment="ImmPort's accession of the criterion, CRIT..."),
    sa.Column('criterion_category', sa.Text(), nullable=True, comment='Inclusion or exclusion'),
    sa.Column('criterion', sa.Text(), nullable=True, comment='The criterion'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_study_criterion_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'criterion_accession', 'valid_from', name=op.f('bridge_study_criterion_pkey')),
    schema='history',
    comment='Versions of bridge_study_criterion: one criterion by which a study takes subjects or does not'
    )
    op.create_index('bridge_study_criterion_open_key', 'bridge_study_criterion', ['study_key', 'criterion_accession'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_study_file',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('study_file_accession', sa.Text(), nullable=False, comment="ImmPort's accession of the study file, also in dim_file"),
    sa.Column('study_file_type', sa.Text(), nullable=True, comment='Kind of study file'),
    sa.Column('description', sa.Text(), nullable=True, comment='What is in it'),
    sa.Column('file_name', sa.Text(), nullable=True, comment='Name of the file'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_study_file_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'study_file_accession', 'valid_from', name=op.f('bridge_study_file_pkey')),
    schema='history',
    comment='Versions of bridge_study_file: one study file, as the study describes it'
    )
    op.create_index('bridge_study_file_open_key', 'bridge_study_file', ['study_key', 'study_file_accession'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_study_grant',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('grant_program_id', sa.Text(), nullable=False, comment='Numbers of the grant and of the program, with a stroke between'),
    sa.Column('grant_key', sa.BigInteger(), nullable=False, comment='The grant'),
    sa.Column('program_key', sa.BigInteger(), nullable=False, comment='The program'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_study_grant_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'grant_program_id', 'valid_from', name=op.f('bridge_study_grant_pkey')),
    schema='history',
    comment="Versions of bridge_study_grant: one grant of one study with one of the grant's programs; a grant of no program has one row"
    )
    op.create_index('bridge_study_grant_open_key', 'bridge_study_grant', ['study_key', 'grant_program_id'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_study_link',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('study_link_id', sa.BigInteger(), nullable=False, comment="ImmPort's number of the link"),
    sa.Column('name', sa.Text(), nullable=True, comment='Text of the link'),
    sa.Column('type', sa.Text(), nullable=True, comment='Kind of link'),
    sa.Column('value', sa.Text(), nullable=True, comment='Address'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_study_link_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'study_link_id', 'valid_from', name=op.f('bridge_study_link_pkey')),
    schema='history',
    comment='Versions of bridge_study_link: one link from a study to a page about it'
    )
    op.create_index('bridge_study_link_open_key', 'bridge_study_link', ['study_key', 'study_link_id'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_study_personnel',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('person_accession', sa.Text(), nullable=False, comment="ImmPort's accession of the person in that study"),
    sa.Column('person_key', sa.BigInteger(), nullable=False, comment='The person'),
    sa.Column('role_in_study', sa.Text(), nullable=True, comment='Role'),
    sa.Column('title_in_study', sa.Text(), nullable=True, comment='Title'),
    sa.Column('site_name', sa.Text(), nullable=True, comment='Site'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_study_personnel_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'person_accession', 'valid_from', name=op.f('bridge_study_personnel_pkey')),
    schema='history',
    comment="Versions of bridge_study_personnel: one person's part in one study"
    )
    op.create_index('bridge_study_personnel_open_key', 'bridge_study_personnel', ['study_key', 'person_accession'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_study_protocol',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('protocol_accession', sa.Text(), nullable=False, comment="ImmPort's accession of the protocol"),
    sa.Column('protocol_key', sa.BigInteger(), nullable=False, comment='The protocol'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_study_protocol_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'protocol_accession', 'valid_from', name=op.f('bridge_study_protocol_pkey')),
    schema='history',
    comment='Versions of bridge_study_protocol: one protocol of one study'
    )
    op.create_index('bridge_study_protocol_open_key', 'bridge_study_protocol', ['study_key', 'protocol_accession'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('bridge_study_pubmed',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('pubmed_id', sa.Text(), nullable=False, comment="PubMed's number of the publication"),
    sa.Column('publication_key', sa.BigInteger(), nullable=False, comment='The publication'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('bridge_study_pubmed_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'pubmed_id', 'valid_from', name=op.f('bridge_study_pubmed_pkey')),
    schema='history',
    comment='Versions of bridge_study_pubmed: one publication of one study'
    )
    op.create_index('bridge_study_pubmed_open_key', 'bridge_study_pubmed', ['study_key', 'pubmed_id'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('dim_file',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('file_key', sa.BigInteger(), nullable=False, comment='Surrogate key of the member'),
    sa.Column('file_uuid', sa.Text(), nullable=True, comment='UUID under which it is downloaded'),
    sa.Column('file_details_id', sa.BigInteger(), nullable=True, comment="ImmPort's number of the file's details"),
    sa.Column('file_accession', sa.Text(), nullable=True, comment='Accession of the study file, protocol or result that it is'),
    sa.Column('file_type', sa.Text(), nullable=True, comment='Kind of file: result_file, study_file, protocol_file, release_file...'),
    sa.Column('file_name', sa.Text(), nullable=True, comment='Name of the file'),
    sa.Column('filesize_bytes', sa.BigInteger(), nullable=True, comment='Size (unit: bytes)'),
    sa.Column('generated_md5', sa.Text(), nullable=True, comment='MD5 of its bytes, as ImmPort computed it'),
    sa.Column('reported_md5', sa.Text(), nullable=True, comment='MD5 of its bytes, as the submitter gave it'),
    sa.Column('date_file_updated', sa.Date(), nullable=True, comment='Day it was last changed'),
    sa.Column('drs_object_created', sa.Text(), nullable=True, comment='Y when it can be asked for by its UUID'),
    sa.Column('workspace_id', sa.BigInteger(), nullable=True, comment="ImmPort's number of the workspace"),
    sa.Column('aigenerated_keywords', sa.Text(), nullable=True, comment='Keywords that ImmPort had made by a machine'),
    sa.Column('aigenerated_summary', sa.Text(), nullable=True, comment='Summary that ImmPort had made by a machine'),
    sa.Column('is_inferred', sa.Boolean(), nullable=False, comment='A row of the study names the member but its own endpoint does not describe it'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('dim_file_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'file_key', 'valid_from', name=op.f('dim_file_pkey')),
    schema='history',
    comment='Versions of dim_file: one file of a study that can be downloaded'
    )
    op.create_index('dim_file_open_key', 'dim_file', ['study_key', 'file_key'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('dim_grant',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('grant_key', sa.BigInteger(), nullable=False, comment='Surrogate key of the member'),
    sa.Column('external_id', sa.Text(), nullable=True, comment='Number the funding agency gave it'),
    sa.Column('name', sa.Text(), nullable=True, comment='Name of the grant'),
    sa.Column('category', sa.Text(), nullable=True, comment='Kind of grant'),
    sa.Column('description', sa.Text(), nullable=True, comment='Description of the grant'),
    sa.Column('link', sa.Text(), nullable=True, comment='Page of the grant'),
    sa.Column('start_date', sa.Date(), nullable=True, comment='Day it began'),
    sa.Column('end_date', sa.Date(), nullable=True, comment='Day it ended'),
    sa.Column('is_inferred', sa.Boolean(), nullable=False, comment='A row of the study names the member but its own endpoint does not describe it'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('dim_grant_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'grant_key', 'valid_from', name=op.f('dim_grant_pkey')),
    schema='history',
    comment='Versions of dim_grant: one grant or contract, whatever number of studies it paid for'
    )
    op.create_index('dim_grant_open_key', 'dim_grant', ['study_key', 'grant_key'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('dim_person',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('person_key', sa.BigInteger(), nullable=False, comment='Surrogate key of the member'),
    sa.Column('honorific', sa.Text(), nullable=True, comment='Title before the name'),
    sa.Column('first_name', sa.Text(), nullable=True, comment='First name'),
    sa.Column('last_name', sa.Text(), nullable=True, comment='Last name'),
    sa.Column('suffixes', sa.Text(), nullable=True, comment='What follows the name'),
    sa.Column('organization', sa.Text(), nullable=True, comment='Organization'),
    sa.Column('email', sa.Text(), nullable=True, comment='E-mail address'),
    sa.Column('is_inferred', sa.Boolean(), nullable=False, comment='A row of the study names the member but its own endpoint does not describe it'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('dim_person_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'person_key', 'valid_from', name=op.f('dim_person_pkey')),
    schema='history',
    comment='Versions of dim_person: one person who took part in a study, as that study names it'
    )
    op.create_index('dim_person_open_key', 'dim_person', ['study_key', 'person_key'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('dim_program',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('program_key', sa.BigInteger(), nullable=False, comment='Surrogate key of the member'),
    sa.Column('name', sa.Text(), nullable=True, comment='Name of the program'),
    sa.Column('short_name', sa.Text(), nullable=True, comment='Short name'),
    sa.Column('category', sa.Text(), nullable=True, comment='Kind of program'),
    sa.Column('description', sa.Text(), nullable=True, comment='Description of the program'),
    sa.Column('link', sa.Text(), nullable=True, comment='Page of the program'),
    sa.Column('start_date', sa.Date(), nullable=True, comment='Day it began'),
    sa.Column('end_date', sa.Date(), nullable=True, comment='Day it ended'),
    sa.Column('is_inferred', sa.Boolean(), nullable=False, comment='A row of the study names the member but its own endpoint does not describe it'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('dim_program_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'program_key', 'valid_from', name=op.f('dim_program_pkey')),
    schema='history',
    comment='Versions of dim_program: one funding program, whatever number of grants and studies belong to it'
    )
    op.create_index('dim_program_open_key', 'dim_program', ['study_key', 'program_key'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('dim_protocol',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('protocol_key', sa.BigInteger(), nullable=False, comment='Surrogate key of the member'),
    sa.Column('name', sa.Text(), nullable=True, comment='Name of the protocol'),
    sa.Column('type', sa.Text(), nullable=True, comment='Kind of protocol'),
    sa.Column('description', sa.Text(), nullable=True, comment='Description of the protocol'),
    sa.Column('file_name', sa.Text(), nullable=True, comment="Name of its file, which dim_file has with the protocol's accession"),
    sa.Column('original_file_name', sa.Text(), nullable=True, comment='Name of the file as it was submitted'),
    sa.Column('is_inferred', sa.Boolean(), nullable=False, comment='A row of the study names the member but its own endpoint does not describe it'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('dim_protocol_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'protocol_key', 'valid_from', name=op.f('dim_protocol_pkey')),
    schema='history',
    comment='Versions of dim_protocol: one protocol'
    )
    op.create_index('dim_protocol_open_key', 'dim_protocol', ['study_key', 'protocol_key'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('dim_publication',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('publication_key', sa.BigInteger(), nullable=False, comment='Surrogate key of the member'),
    sa.Column('title', sa.Text(), nullable=True, comment='Title'),
    sa.Column('authors', sa.Text(), nullable=True, comment='Authors, as PubMed lists them'),
    sa.Column('journal', sa.Text(), nullable=True, comment='Journal'),
    sa.Column('year', sa.Text(), nullable=True, comment='Year of publication, as sent'),
    sa.Column('month', sa.Text(), nullable=True, comment='Month of publication, as sent'),
    sa.Column('issue', sa.Text(), nullable=True, comment='Volume and issue'),
    sa.Column('pages', sa.Text(), nullable=True, comment='Pages'),
    sa.Column('doi', sa.Text(), nullable=True, comment='Digital object identifier'),
    sa.Column('is_inferred', sa.Boolean(), nullable=False, comment='A row of the study names the member but its own endpoint does not describe it'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('dim_publication_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'publication_key', 'valid_from', name=op.f('dim_publication_pkey')),
    schema='history',
    comment='Versions of dim_publication: one publication, whatever number of studies name it'
    )
    op.create_index('dim_publication_open_key', 'dim_publication', ['study_key', 'publication_key'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('fact_adverse_event',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('adverse_event_accession', sa.Text(), nullable=False, comment="ImmPort's accession of the adverse event, AE..."),
    sa.Column('subject_key', sa.BigInteger(), nullable=False, comment='Subject concerned; its arms are in dim_participation'),
    sa.Column('name_reported', sa.Text(), nullable=True, comment='Name of the event, as reported, never altered'),
    sa.Column('name_preferred', sa.Text(), nullable=True, comment='Name of the event, as ImmPort curated it'),
    sa.Column('description', sa.Text(), nullable=True, comment="The event in the submitter's words"),
    sa.Column('severity_reported', sa.Text(), nullable=True, comment='Severity, as reported, never altered'),
    sa.Column('severity_preferred', sa.Text(), nullable=True, comment='Severity, as ImmPort curated it'),
    sa.Column('outcome_reported', sa.Text(), nullable=True, comment='Outcome, as reported, never altered'),
    sa.Column('outcome_preferred', sa.Text(), nullable=True, comment='Outcome, as ImmPort curated it'),
    sa.Column('organ_or_body_system_reported', sa.Text(), nullable=True, comment='Organ or body system, as reported, never altered'),
    sa.Column('organ_or_body_system_preferred', sa.Text(), nullable=True, comment='Organ or body system, as ImmPort curated it'),
    sa.Column('location_of_reaction_reported', sa.Text(), nullable=True, comment='Place of the reaction in the body, as reported, never altered'),
    sa.Column('location_of_reaction_preferred', sa.Text(), nullable=True, comment='Place of the reaction in the body, as ImmPort curated it'),
    sa.Column('causality', sa.Text(), nullable=True, comment='Whether the study caused it'),
    sa.Column('relation_to_study_treatment', sa.Text(), nullable=True, comment='Relation to the treatment of the study'),
    sa.Column('relation_to_nonstudy_treatment', sa.Text(), nullable=True, comment='Relation to any other treatment'),
    sa.Column('study_treatment_action_taken', sa.Text(), nullable=True, comment='What was done about the treatment of the study'),
    sa.Column('other_action_taken', sa.Text(), nullable=True, comment='What else was done'),
    sa.Column('start_study_day', sa.Numeric(), nullable=True, comment='Day of the study on which it began (unit: days)'),
    sa.Column('start_time', sa.Text(), nullable=True, comment='Time of that day'),
    sa.Column('end_study_day', sa.Numeric(), nullable=True, comment='Day of the study on which it ended (unit: days)'),
    sa.Column('end_time', sa.Text(), nullable=True, comment='Time of that day'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('fact_adverse_event_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'adverse_event_accession', 'valid_from', name=op.f('fact_adverse_event_pkey')),
    schema='history',
    comment='Versions of fact_adverse_event: one adverse event of one subject'
    )
    op.create_index('fact_adverse_event_open_key', 'fact_adverse_event', ['study_key', 'adverse_event_accession'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('fact_assessment',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('assessment_component_accession', sa.Text(), nullable=False, comment="ImmPort's accession of the assessed component, AC..."),
    sa.Column('subject_key', sa.BigInteger(), nullable=False, comment='Subject concerned; its arms are in dim_participation'),
    sa.Column('planned_visit_key', sa.BigInteger(), nullable=False, comment='Visit of the sample'),
    sa.Column('assessment_component_key', sa.BigInteger(), nullable=False, comment='What was assessed'),
    sa.Column('panel_key', sa.BigInteger(), nullable=False, comment='Panel the component belongs to'),
    sa.Column('unit_key', sa.BigInteger(), nullable=False, comment='Unit: preferred, else as reported'),
    sa.Column('assessment_component_name_reported', sa.Text(), nullable=True, comment='Name of the component, as reported, never altered'),
    sa.Column('assessment_component_name_preferred', sa.Text(), nullable=True, comment='Name of the component, as ImmPort curated it'),
    sa.Column('assessment_panel_name_reported', sa.Text(), nullable=True, comment='Name of the panel, as reported, never altered'),
    sa.Column('assessment_panel_name_preferred', sa.Text(), nullable=True, comment='Name of the panel, as ImmPort curated it'),
    sa.Column('assessment_panel_accession', sa.Text(), nullable=True, comment="ImmPort's accession of the panel, AP..."),
    sa.Column('assessment_type', sa.Text(), nullable=True, comment='Kind of assessment'),
    sa.Column('status', sa.Text(), nullable=True, comment='Status of the panel'),
    sa.Column('result_value_reported', sa.Text(), nullable=True, comment='Value, as reported, never altered'),
    sa.Column('result_value_preferred', sa.Numeric(), nullable=True, comment='Value, as ImmPort curated it'),
    sa.Column('result_value_preferred_text', sa.Text(), nullable=True, comment='Value, as ImmPort curated it, as sent, where it is no number'),
    sa.Column('result_unit_reported', sa.Text(), nullable=True, comment='Unit, as reported, never altered'),
    sa.Column('result_unit_preferred', sa.Text(), nullable=True, comment='Unit, as ImmPort curated it'),
    sa.Column('result_value_category', sa.Text(), nullable=True, comment='Category of the value'),
    sa.Column('study_day', sa.Numeric(), nullable=True, comment='Day of the study (unit: days)'),
    sa.Column('study_day_text', sa.Text(), nullable=True, comment='Day of the study, as sent, where it is no number'),
    sa.Column('time_of_day', sa.Text(), nullable=True, comment='Time of the day'),
    sa.Column('age_at_onset_reported', sa.Text(), nullable=True, comment='Age at which it began, as reported, never altered'),
    sa.Column('age_at_onset_preferred', sa.Numeric(), nullable=True, comment='Age at which it began (unit: age_at_onset_unit_preferred)'),
    sa.Column('age_at_onset_preferred_text', sa.Text(), nullable=True, comment='Age at which it began, as sent, where it is no number'),
    sa.Column('age_at_onset_unit_reported', sa.Text(), nullable=True, comment='Unit of that age, as reported, never altered'),
    sa.Column('age_at_onset_unit_preferred', sa.Text(), nullable=True, comment='Unit of that age, as ImmPort curated it'),
    sa.Column('is_clinically_significant', sa.Text(), nullable=True, comment='Y when the finding matters clinically'),
    sa.Column('location_of_finding_reported', sa.Text(), nullable=True, comment='Place in the body, as reported, never altered'),
    sa.Column('location_of_finding_preferred', sa.Text(), nullable=True, comment='Place in the body, as ImmPort curated it'),
    sa.Column('organ_or_body_system_reported', sa.Text(), nullable=True, comment='Organ or body system, as reported, never altered'),
    sa.Column('organ_or_body_system_preferred', sa.Text(), nullable=True, comment='Organ or body system, as ImmPort curated it'),
    sa.Column('subject_position_reported', sa.Text(), nullable=True, comment='Position of the subject, as reported, never altered'),
    sa.Column('subject_position_preferred', sa.Text(), nullable=True, comment='Position of the subject, as ImmPort curated it'),
    sa.Column('reference_range_accession', sa.Text(), nullable=True, comment="ImmPort's accession of the range that is normal"),
    sa.Column('verbatim_question', sa.Text(), nullable=True, comment='Question as it was asked'),
    sa.Column('who_is_assessed', sa.Text(), nullable=True, comment='Who was assessed: the subject, or a relative'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('fact_assessment_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'assessment_component_accession', 'valid_from', name=op.f('fact_assessment_pkey')),
    schema='history',
    comment='Versions of fact_assessment: one assessed component of one subject, whatever number of arms the subject is in'
    )
    op.create_index('fact_assessment_open_key', 'fact_assessment', ['study_key', 'assessment_component_accession'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('fact_immune_exposure',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('exposure_accession', sa.Text(), nullable=False, comment="ImmPort's accession of the exposure, IM..."),
    sa.Column('arm_key', sa.BigInteger(), nullable=False, comment='Arm of the subject'),
    sa.Column('subject_key', sa.BigInteger(), nullable=False, comment='Subject exposed'),
    sa.Column('participation_key', sa.BigInteger(), nullable=False, comment='The subject in that arm, with its age'),
    sa.Column('disease_key', sa.BigInteger(), nullable=False, comment='Disease it had'),
    sa.Column('exposure_process_reported', sa.Text(), nullable=True, comment='How it was exposed, as reported, never altered'),
    sa.Column('exposure_process_preferred', sa.Text(), nullable=True, comment='How it was exposed, as ImmPort curated it'),
    sa.Column('exposure_material_reported', sa.Text(), nullable=True, comment='What it was exposed to, as reported, never altered'),
    sa.Column('exposure_material_preferred', sa.Text(), nullable=True, comment='What it was exposed to, as ImmPort curated it'),
    sa.Column('exposure_material_id', sa.Text(), nullable=True, comment='That material in an ontology'),
    sa.Column('disease_reported', sa.Text(), nullable=True, comment='Disease, as reported, never altered'),
    sa.Column('disease_preferred', sa.Text(), nullable=True, comment='Disease, as ImmPort curated it'),
    sa.Column('disease_ontology_id', sa.Text(), nullable=True, comment='The disease in an ontology'),
    sa.Column('disease_stage_reported', sa.Text(), nullable=True, comment='Stage of the disease, as reported, never altered'),
    sa.Column('disease_stage_preferred', sa.Text(), nullable=True, comment='Stage of the disease, as ImmPort curated it'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('fact_immune_exposure_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'exposure_accession', 'valid_from', name=op.f('fact_immune_exposure_pkey')),
    schema='history',
    comment='Versions of fact_immune_exposure: one exposure of one subject in one arm to what its immune system meets'
    )
    op.create_index('fact_immune_exposure_open_key', 'fact_immune_exposure', ['study_key', 'exposure_accession'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('fact_intervention',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('intervention_accession', sa.Text(), nullable=False, comment="ImmPort's accession of the intervention, SM..."),
    sa.Column('subject_key', sa.BigInteger(), nullable=False, comment='Subject concerned; its arms are in dim_participation'),
    sa.Column('unit_key', sa.BigInteger(), nullable=False, comment='Unit of the dose'),
    sa.Column('name_reported', sa.Text(), nullable=True, comment='Name of what was given, as reported, never altered'),
    sa.Column('name_preferred', sa.Text(), nullable=True, comment='Name of what was given, as ImmPort curated it'),
    sa.Column('compound_name', sa.Text(), nullable=True, comment='Compound, as reported'),
    sa.Column('compound_role', sa.Text(), nullable=True, comment='Role: intervention, concomitant medication, substance use, other'),
    sa.Column('formulation', sa.Text(), nullable=True, comment='Formulation'),
    sa.Column('dose_reported', sa.Text(), nullable=True, comment='Dose, as reported, never altered'),
    sa.Column('dose_preferred', sa.Numeric(), nullable=True, comment='Dose, as ImmPort curated it (unit: dose_units)'),
    sa.Column('dose_preferred_text', sa.Text(), nullable=True, comment='Dose, as ImmPort curated it, as sent, where it is no number'),
    sa.Column('dose_units', sa.Text(), nullable=True, comment='Unit of the dose'),
    sa.Column('dose_freq_per_interval', sa.Text(), nullable=True, comment='How often in what time'),
    sa.Column('route_of_admin_reported', sa.Text(), nullable=True, comment='Route, as reported, never altered'),
    sa.Column('route_of_admin_preferred', sa.Text(), nullable=True, comment='Route, as ImmPort curated it'),
    sa.Column('reported_indication', sa.Text(), nullable=True, comment='What it was given for, as reported'),
    sa.Column('start_day', sa.Numeric(), nullable=True, comment='Day of the study on which it began (unit: days)'),
    sa.Column('start_day_text', sa.Text(), nullable=True, comment='Day of the study on which it began, as sent, where it is no number'),
    sa.Column('start_time', sa.Text(), nullable=True, comment='Time of that day'),
    sa.Column('end_day', sa.Numeric(), nullable=True, comment='Day of the study on which it ended (unit: days)'),
    sa.Column('end_day_text', sa.Text(), nullable=True, comment='Day of the study on which it ended, as sent, where it is no number'),
    sa.Column('end_time', sa.Text(), nullable=True, comment='Time of that day'),
    sa.Column('is_ongoing', sa.Text(), nullable=True, comment='Y when it had not ended'),
    sa.Column('duration', sa.Numeric(), nullable=True, comment='How long it was given (unit: duration_unit)'),
    sa.Column('duration_text', sa.Text(), nullable=True, comment='How long it was given, as sent, where it is no number'),
    sa.Column('duration_unit', sa.Text(), nullable=True, comment='Unit of the duration'),
    sa.Column('status', sa.Text(), nullable=True, comment='Status'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('fact_intervention_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'intervention_accession', 'valid_from', name=op.f('fact_intervention_pkey')),
    schema='history',
    comment='Versions of fact_intervention: one thing given to or done with one subject, whatever number of arms the subject is in'
    )
    op.create_index('fact_intervention_open_key', 'fact_intervention', ['study_key', 'intervention_accession'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('fact_lab_test',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('lab_test_accession', sa.Text(), nullable=False, comment="ImmPort's accession of the lab test, LT..."),
    sa.Column('subject_key', sa.BigInteger(), nullable=False, comment='Subject concerned; its arms are in dim_participation'),
    sa.Column('biosample_key', sa.BigInteger(), nullable=False, comment='Sample tested'),
    sa.Column('planned_visit_key', sa.BigInteger(), nullable=False, comment='Visit of the sample'),
    sa.Column('lab_test_key', sa.BigInteger(), nullable=False, comment='What was tested'),
    sa.Column('panel_key', sa.BigInteger(), nullable=False, comment='Panel the test belongs to'),
    sa.Column('unit_key', sa.BigInteger(), nullable=False, comment='Unit: preferred, else as reported'),
    sa.Column('lab_test_name_reported', sa.Text(), nullable=True, comment='Name of the test, as reported, never altered'),
    sa.Column('lab_test_name_preferred', sa.Text(), nullable=True, comment='Name of the test, as ImmPort curated it'),
    sa.Column('lab_test_panel_name_reported', sa.Text(), nullable=True, comment='Name of the panel, as reported, never altered'),
    sa.Column('lab_test_panel_name_preferred', sa.Text(), nullable=True, comment='Name of the panel, as ImmPort curated it'),
    sa.Column('lab_test_panel_accession', sa.Text(), nullable=True, comment="ImmPort's accession of the panel, LP..."),
    sa.Column('result_value_reported', sa.Text(), nullable=True, comment='Value, as reported, never altered'),
    sa.Column('result_value_preferred', sa.Numeric(), nullable=True, comment='Value, as ImmPort curated it'),
    sa.Column('result_unit_reported', sa.Text(), nullable=True, comment='Unit, as reported, never altered'),
    sa.Column('result_unit_preferred', sa.Text(), nullable=True, comment='Unit, as ImmPort curated it'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('fact_lab_test_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'lab_test_accession', 'valid_from', name=op.f('fact_lab_test_pkey')),
    schema='history',
    comment='Versions of fact_lab_test: one lab test of one sample, whatever number of arms its subject is in'
    )
    op.create_index('fact_lab_test_open_key', 'fact_lab_test', ['study_key', 'lab_test_accession'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('fact_result_file',
    sa.Column('study_key', sa.BigInteger(), nullable=False, comment='Study that told the row'),
    sa.Column('file_path_id', sa.Text(), nullable=False, comment="ImmPort's name for the file with its experiment sample and biosample"),
    sa.Column('file_key', sa.BigInteger(), nullable=False, comment='The file; not described where no manifest names it'),
    sa.Column('arm_key', sa.BigInteger(), nullable=False, comment='Arm of the subject'),
    sa.Column('subject_key', sa.BigInteger(), nullable=False, comment='Subject measured'),
    sa.Column('participation_key', sa.BigInteger(), nullable=False, comment='The subject in that arm, with its age'),
    sa.Column('biosample_key', sa.BigInteger(), nullable=False, comment='Sample measured'),
    sa.Column('expsample_key', sa.BigInteger(), nullable=False, comment='Experiment sample measured'),
    sa.Column('experiment_key', sa.BigInteger(), nullable=False, comment='Experiment of the result'),
    sa.Column('planned_visit_key', sa.BigInteger(), nullable=False, comment='Visit of the sample'),
    sa.Column('study_time_key', sa.BigInteger(), nullable=False, comment='Time of collection relative to time zero'),
    sa.Column('technique_key', sa.BigInteger(), nullable=False, comment='Measurement technique'),
    sa.Column('file_info_id', sa.BigInteger(), nullable=True, comment="ImmPort's number of the file"),
    sa.Column('file_detail', sa.Text(), nullable=True, comment='What the file holds'),
    sa.Column('file_name', sa.Text(), nullable=True, comment='Name of the file at ImmPort'),
    sa.Column('original_file_name', sa.Text(), nullable=True, comment='Name of the file as it was submitted'),
    sa.Column('filesize_bytes', sa.BigInteger(), nullable=True, comment='Size; of a file with several rows, in each of them (unit: bytes)'),
    sa.Column('source_type', sa.Text(), nullable=True, comment='What was measured: experiment sample, control or standard'),
    sa.Column('source_accession', sa.Text(), nullable=True, comment='Accession of what was measured'),
    sa.Column('valid_from', sa.Integer(), nullable=False, comment='Release key of the first release'),
    sa.Column('valid_to', sa.Integer(), nullable=False, comment='Release key of the end; 2147483647 is open'),
    sa.Column('load_id', sa.BigInteger(), nullable=False, comment='Load that wrote the version'),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the version was written'),
    sa.CheckConstraint('valid_from < valid_to', name=op.f('fact_result_file_interval_check')),
    sa.PrimaryKeyConstraint('study_key', 'file_path_id', 'valid_from', name=op.f('fact_result_file_pkey')),
    schema='history',
    comment='Versions of fact_result_file: one result file of one experiment sample and biosample; count files by their key'
    )
    op.create_index('fact_result_file_open_key', 'fact_result_file', ['study_key', 'file_path_id'], unique=True, schema='history', postgresql_where=sa.text('valid_to = 2147483647'))
    op.create_table('key_assessment_component',
    sa.Column('assessment_component_key', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Surrogate key'),
    sa.Column('assessment_component_preferred', sa.Text(), nullable=True, comment='Preferred name of the component of an assessment'),
    sa.Column('assessment_component_reported', sa.Text(), nullable=True, comment='Name as reported'),
    sa.Column('natural_key', sa.UUID(), nullable=True, comment='Digest of the natural key; null for special members'),
    sa.PrimaryKeyConstraint('assessment_component_key', name=op.f('key_assessment_component_pkey')),
    sa.UniqueConstraint('natural_key', name=op.f('key_assessment_component_natural_key_key')),
    schema='history',
    comment='Surrogate keys of dim_assessment_component: one component of an assessment as reported, with the preferred term ImmPort gave it. 0 unknown, -1 not applicable'
    )
    op.create_table('key_disease',
    sa.Column('disease_key', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Surrogate key'),
    sa.Column('disease_preferred', sa.Text(), nullable=True, comment='Preferred name of the disease or condition'),
    sa.Column('disease_reported', sa.Text(), nullable=True, comment='Name as reported'),
    sa.Column('natural_key', sa.UUID(), nullable=True, comment='Digest of the natural key; null for special members'),
    sa.PrimaryKeyConstraint('disease_key', name=op.f('key_disease_pkey')),
    sa.UniqueConstraint('natural_key', name=op.f('key_disease_natural_key_key')),
    schema='history',
    comment='Surrogate keys of dim_disease: one disease or condition as reported, with the preferred term ImmPort gave it. 0 unknown, -1 not applicable'
    )
    op.create_table('key_file',
    sa.Column('file_key', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Surrogate key'),
    sa.Column('path', sa.Text(), nullable=True, comment='Path of the file, without a stroke before it'),
    sa.Column('natural_key', sa.UUID(), nullable=True, comment='Digest of the natural key; null for special members'),
    sa.PrimaryKeyConstraint('file_key', name=op.f('key_file_pkey')),
    sa.UniqueConstraint('natural_key', name=op.f('key_file_natural_key_key')),
    schema='history',
    comment='Surrogate keys of dim_file: one file of a study that can be downloaded. 0 unknown, -1 not applicable'
    )
    op.create_table('key_grant',
    sa.Column('grant_key', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Surrogate key'),
    sa.Column('contract_grant_id', sa.BigInteger(), nullable=True, comment="ImmPort's number of the grant or contract"),
    sa.Column('natural_key', sa.UUID(), nullable=True, comment='Digest of the natural key; null for special members'),
    sa.PrimaryKeyConstraint('grant_key', name=op.f('key_grant_pkey')),
    sa.UniqueConstraint('natural_key', name=op.f('key_grant_natural_key_key')),
    schema='history',
    comment='Surrogate keys of dim_grant: one grant or contract, whatever number of studies it paid for. 0 unknown, -1 not applicable'
    )
    op.create_table('key_lab_test',
    sa.Column('lab_test_key', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Surrogate key'),
    sa.Column('lab_test_preferred', sa.Text(), nullable=True, comment='Preferred name of the lab test'),
    sa.Column('lab_test_reported', sa.Text(), nullable=True, comment='Name as reported'),
    sa.Column('natural_key', sa.UUID(), nullable=True, comment='Digest of the natural key; null for special members'),
    sa.PrimaryKeyConstraint('lab_test_key', name=op.f('key_lab_test_pkey')),
    sa.UniqueConstraint('natural_key', name=op.f('key_lab_test_natural_key_key')),
    schema='history',
    comment='Surrogate keys of dim_lab_test: one lab test as reported, with the preferred term ImmPort gave it. 0 unknown, -1 not applicable'
    )
    op.create_table('key_panel',
    sa.Column('panel_key', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Surrogate key'),
    sa.Column('panel_preferred', sa.Text(), nullable=True, comment='Preferred name of the panel of lab tests or of assessed components'),
    sa.Column('panel_reported', sa.Text(), nullable=True, comment='Name as reported'),
    sa.Column('natural_key', sa.UUID(), nullable=True, comment='Digest of the natural key; null for special members'),
    sa.PrimaryKeyConstraint('panel_key', name=op.f('key_panel_pkey')),
    sa.UniqueConstraint('natural_key', name=op.f('key_panel_natural_key_key')),
    schema='history',
    comment='Surrogate keys of dim_panel: one panel of lab tests or of assessed components as reported, with the preferred term ImmPort gave it. 0 unknown, -1 not applicable'
    )
    op.create_table('key_person',
    sa.Column('person_key', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Surrogate key'),
    sa.Column('person_accession', sa.Text(), nullable=True, comment="ImmPort's accession of the person in that study, PSN..."),
    sa.Column('natural_key', sa.UUID(), nullable=True, comment='Digest of the natural key; null for special members'),
    sa.PrimaryKeyConstraint('person_key', name=op.f('key_person_pkey')),
    sa.UniqueConstraint('natural_key', name=op.f('key_person_natural_key_key')),
    schema='history',
    comment='Surrogate keys of dim_person: one person who took part in a study, as that study names it. 0 unknown, -1 not applicable'
    )
    op.create_table('key_program',
    sa.Column('program_key', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Surrogate key'),
    sa.Column('program_id', sa.BigInteger(), nullable=True, comment="ImmPort's number of the program"),
    sa.Column('natural_key', sa.UUID(), nullable=True, comment='Digest of the natural key; null for special members'),
    sa.PrimaryKeyConstraint('program_key', name=op.f('key_program_pkey')),
    sa.UniqueConstraint('natural_key', name=op.f('key_program_natural_key_key')),
    schema='history',
    comment='Surrogate keys of dim_program: one funding program, whatever number of grants and studies belong to it. 0 unknown, -1 not applicable'
    )
    op.create_table('key_protocol',
    sa.Column('protocol_key', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Surrogate key'),
    sa.Column('protocol_accession', sa.Text(), nullable=True, comment="ImmPort's accession of the protocol, PTL..."),
    sa.Column('natural_key', sa.UUID(), nullable=True, comment='Digest of the natural key; null for special members'),
    sa.PrimaryKeyConstraint('protocol_key', name=op.f('key_protocol_pkey')),
    sa.UniqueConstraint('natural_key', name=op.f('key_protocol_natural_key_key')),
    schema='history',
    comment='Surrogate keys of dim_protocol: one protocol. 0 unknown, -1 not applicable'
    )
    op.create_table('key_publication',
    sa.Column('publication_key', sa.BigInteger(), sa.Identity(always=False), nullable=False, comment='Surrogate key'),
    sa.Column('pubmed_id', sa.Text(), nullable=True, comment="PubMed's number of the publication"),
    sa.Column('natural_key', sa.UUID(), nullable=True, comment='Digest of the natural key; null for special members'),
    sa.PrimaryKeyConstraint('publication_key', name=op.f('key_publication_pkey')),
    sa.UniqueConstraint('natural_key', name=op.f('key_publication_natural_key_key')),
    schema='history',
    comment='Surrogate keys of dim_publication: one publication, whatever number of studies name it. 0 unknown, -1 not applicable'
    )
    _members()


def _members() -> None:
    """Every dimension has a member for what is unknown (0) and one for what cannot be (-1)."""
    members = "(values (0), (-1)) m (member)"
    for name in (*TERMS, *VERSIONED):
        op.execute(
            f"insert into history.key_{name} ({name}_key) overriding system value"
            f" select member from {members}"
        )
    for name in VERSIONED:
        op.execute(
            f"insert into history.dim_{name} (study_key, {name}_key, is_inferred, valid_from, valid_to, load_id)"
            f" select 0, member, false, 0, 2147483647, 0 from {members}"
        )


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
