"""versions have one index, by their end

Revision: 0032, after 0031
"""

from __future__ import annotations

from alembic import op
revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None

# Tables with versions, and what identifies a row within a study.
IDENTITIES = {
    'dim_study': 'study_key', 'dim_arm': 'arm_key', 'dim_subject': 'subject_key',
    'dim_participation': 'participation_key', 'dim_planned_visit': 'planned_visit_key',
    'dim_biosample': 'biosample_key', 'dim_experiment': 'experiment_key', 'dim_expsample': 'expsample_key',
    'dim_treatment': 'treatment_key', 'dim_reagent': 'reagent_key', 'dim_control_sample': 'control_sample_key',
    'dim_standard_curve': 'standard_curve_key', 'dim_person': 'person_key', 'dim_protocol': 'protocol_key',
    'dim_publication': 'publication_key', 'dim_program': 'program_key', 'dim_grant': 'grant_key',
    'dim_file': 'file_key', 'fact_elisa': 'result_id', 'fact_elispot': 'result_id', 'fact_mbaa': 'result_id',
    'fact_hai': 'result_id', 'fact_neut_ab_titer': 'result_id', 'fact_pcr': 'result_id',
    'fact_fcs_analyzed': 'result_id', 'fact_hla_typing': 'result_id', 'fact_kir_typing': 'result_id',
    'fact_mass_spectrometry': 'result_id', 'fact_rna_seq': 'result_id', 'fact_lab_test': 'lab_test_accession',
    'fact_assessment': 'assessment_component_accession', 'fact_adverse_event': 'adverse_event_accession',
    'fact_intervention': 'intervention_accession', 'fact_immune_exposure': 'exposure_accession',
    'fact_result_file': 'file_path_id', 'fact_fcs_header': 'fcs_header_id',
    'bridge_fcs_header_marker': 'fcs_header_parameter', 'bridge_fcs_result_marker': 'fcs_analyzed_result_marker_id',
    'bridge_expsample_biosample': 'expsample_biosample', 'bridge_expsample_treatment': 'expsample_treatment',
    'bridge_biosample_treatment': 'biosample_treatment', 'bridge_expsample_reagent': 'expsample_reagent',
    'bridge_reagent_set': 'reagent_set_reagent', 'bridge_expsample_repository': 'expsample_repository',
    'bridge_control_sample_file': 'control_sample_file', 'bridge_standard_curve_file': 'standard_curve_file',
    'bridge_study_condition': 'condition_reported', 'bridge_study_criterion': 'criterion_accession',
    'bridge_study_personnel': 'person_accession', 'bridge_study_grant': 'grant_program_id',
    'bridge_study_pubmed': 'pubmed_id', 'bridge_study_protocol': 'protocol_accession',
    'bridge_study_link': 'study_link_id', 'bridge_study_file': 'study_file_accession',
    'bridge_study_research_focus': 'study_categorization_id', 'bridge_study_panel': 'study_panel',
    'bridge_experiment_protocol': 'experiment_protocol', 'bridge_lab_panel_protocol': 'lab_test_panel_protocol',
    'bridge_assessment_file': 'assessment_panel_file',
}


def upgrade() -> None:
    for table, identity in IDENTITIES.items():
        keys = ', '.join(dict.fromkeys(('study_key', identity)))
        op.drop_index(f'{table}_open_key', table_name=table, schema='history')
        op.execute(
            f"alter table history.{table} drop constraint {table}_pkey,"
            f" add constraint {table}_pkey primary key ({keys}, valid_to)"
        )


def downgrade() -> None:
    raise NotImplementedError("a warehouse is not taken back to an older model: restore a backup")
