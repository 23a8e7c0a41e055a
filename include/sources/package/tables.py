"""The tables of a Tab package that are read: their columns, and the names these had in older releases.

Header names as seen in packages of DR16, DR25 and DR33, and in ImmPort's relational model of DR20. Ages in
years are columns of packages of today.
"""

from __future__ import annotations

from include.sources.package.layout import TabTable, tab_table
from include.sources.package.unread import unread


def _table(name: str, columns: str, *, keys: int = 1, aliases: str = "") -> TabTable:
    """Declare a table; what nothing reads of it has its reason in package_unread.

    :param keys: how many of the columns, from the first, identify a row.
    """
    return tab_table(name, columns, keys=keys, aliases=aliases, unread=unread(name))


def _bridge(name: str, columns: str, *, aliases: str = "") -> TabTable:
    """Declare a table whose rows are identified by its first two columns together."""
    return _table(name, columns, keys=2, aliases=aliases)


def _result(name: str, columns: str) -> TabTable:
    """A table of results: what all of them have, and the columns of one assay."""
    shared = (
        "result_id study_accession arm_accession subject_accession biosample_accession experiment_accession"
        " study_time_collected study_time_collected_unit comments repository_accession repository_name"
    )
    return _table(name, f"{shared} {columns}")


_RESULTS = (
    _result(
        "elisa_result",
        "expsample_accession analyte_preferred analyte_reported|analyte"
        " qualitative_result? unit_preferred unit_reported value_preferred value_reported",
    ),
    _result(
        "elispot_result",
        "expsample_accession analyte_preferred analyte_reported|analyte"
        " cell_number_preferred cell_number_reported cell_type? spot_number_preferred spot_number_reported",
    ),
    _result(
        "fcs_analyzed_result",
        "expsample_accession parent_population_preferred|base_parent_pop_preferred"
        " parent_population_reported|base_parent_population"
        " population_defnition_preferred population_defnition_reported"
        " population_name_preferred population_name_reported"
        " population_stat_unit_preferred|pop_cell_number_unit_preferred"
        " population_stat_unit_reported|population_cell_number_unit"
        " population_statistic_preferred population_statistic_reported|population_cell_number"
        " workspace_file_info_id",
    ),
    _result(
        "hai_result",
        "expsample_accession unit_preferred unit_reported value_preferred value_reported"
        " virus_strain_preferred virus_strain_reported|virus_strain",
    ),
    _result(
        "hla_typing_result",
        "expsample_accession allele1|allele_1 allele2|allele_2 ancestral_population|pop_area_name"
        " locus_name result_set_id",
    ),
    _result(
        "kir_typing_result",
        "expsample_accession allele1|allele_1 allele2|allele_2 kir_haplotype",
    ),
    _result(
        "mass_spectrometry_result",
        "expsample_accession database_id_preferred database_id_reported intensity mass_spectrometry_type"
        " metabolite_name_preferred metabolite_name_reported mzratio|mz_ratio protein_name_preferred"
        " protein_name_reported retention_time retention_time_unit workspace_id zcharge|z_charge",
    ),
    _result(
        "mbaa_result",
        "analyte_preferred analyte_reported|analyte assay_group_id assay_id"
        " concentration_unit_preferred concentration_unit_reported|concentration_unit"
        " concentration_value_preferred concentration_value_reported|concentration_value"
        " mfi mfi_coordinate source_accession source_type",
    ),
    _result(
        "neut_ab_titer_result",
        "expsample_accession unit_preferred unit_reported value_preferred value_reported"
        " virus_strain_preferred virus_strain_reported|virus_strain",
    ),
    _result(
        "rna_seq_result",
        "expsample_accession reference_repository_name reference_transcript_id result_unit_preferred"
        " result_unit_reported transcript_type_preferred transcript_type_reported value_preferred"
        " value_reported",
    ),
    _result(
        "pcr_result",
        "expsample_accession gene_id|entrez_gene_id gene_name gene_symbol_preferred"
        " gene_symbol_reported|gene_symbol other_gene_accession"
        " unit_preferred unit_reported value_preferred value_reported",
    ),
)

_SAMPLES = (
    _table(
        "biosample",
        "biosample_accession description name planned_visit_accession study_accession study_time_collected"
        " study_time_collected_unit study_time_t0_event study_time_t0_event_specify subject_accession"
        " subtype type",
    ),
    _table(
        "experiment",
        "experiment_accession description measurement_technique name|title purpose? study_accession",
    ),
    _table(
        "expsample",
        "expsample_accession description experiment_accession name result_schema result_total_recs",
    ),
    _bridge(
        "expsample_2_biosample",
        "expsample_accession biosample_accession",
        aliases="biosample_2_expsample",
    ),
    _bridge(
        "expsample_2_file_info",
        "expsample_accession file_info_id",
    ),
    _table(
        "file_info",
        "file_info_id detail=purpose|detail filesize_bytes name original_file_name|original_name+name",
    ),
    _table(
        "lk_analyte",
        "analyte_accession gene_symbol",
    ),
)

_MATERIALS = (
    _bridge("biosample_2_treatment", "biosample_accession treatment_accession"),
    _bridge("expsample_2_treatment", "expsample_accession treatment_accession"),
    _table(
        "treatment",
        "treatment_accession amount_unit amount_value comments duration_unit duration_value name"
        " temperature_unit temperature_value",
    ),
    _bridge("expsample_2_reagent", "expsample_accession reagent_accession"),
    _bridge("reagent_set_2_reagent", "reagent_set_accession reagent_accession"),
    # The warehouse does not load the contact person of a reagent.
    _table(
        "reagent",
        "reagent_accession analyte_preferred analyte_reported antibody_registry_id catalog_number"
        " clone_name|detector_name description is_set lot_number manufacturer name reporter_name type"
        " weblink",
    ),
    _table(
        "control_sample",
        "control_sample_accession assay_group_id assay_id catalog_id dilution_factor experiment_accession"
        " lot_number result_schema source",
    ),
    _table(
        "standard_curve",
        "standard_curve_accession analyte_preferred analyte_reported|analyte assay_group_id assay_id"
        " experiment_accession formula lower_limit lower_limit_unit result_schema upper_limit"
        " upper_limit_unit",
    ),
    _table(
        "fcs_header",
        "fcs_header_id compensation_flag expsample_accession fcs_file_name fcs_version file_info_id"
        " maximum_intensity minimum_intensity number_of_events number_of_markers panel_preferred"
        " panel_reported",
    ),
    _bridge(
        "fcs_header_marker",
        "fcs_header_id parameter_number pnn_preferred pnn_reported pns_preferred pns_reported",
    ),
    _table(
        "fcs_analyzed_result_marker",
        "fcs_analyzed_result_marker_id population_marker_preferred population_marker_reported"
        " result_id|fcs_analyzed_result_id",
    ),
)

_BRIDGES = (
    _bridge("assessment_2_file_info", "assessment_panel_accession file_info_id result_schema"),
    _bridge("control_sample_2_file_info", "control_sample_accession file_info_id result_schema"),
    _bridge("standard_curve_2_file_info", "standard_curve_accession file_info_id result_schema"),
    _bridge("expsample_public_repository", "expsample_accession repository_accession repository_name"),
    _bridge("experiment_2_protocol", "experiment_accession protocol_accession"),
    _bridge("lab_test_panel_2_protocol", "lab_test_panel_accession protocol_accession"),
    _bridge("study_2_panel", "study_accession panel_name"),
)  # fmt: skip

_SUBJECTS = (
    _bridge(
        "arm_2_subject",
        "arm_accession subject_accession age_event age_event_specify age_unit max_subject_age"
        " min_subject_age max_subject_age_in_years? min_subject_age_in_years? study_enrollment_day?"
        " subject_phenotype subject_location",
    ),
    _table(
        "subject",
        "subject_accession ancestral_population description ethnicity gender|sex race race_specify species"
        " strain strain_characteristics",
    ),
    _table(
        "adverse_event",
        "adverse_event_accession study_accession subject_accession causality description|event_description"
        " end_study_day end_time is_serious_event? location_of_reaction_preferred"
        " location_of_reaction_reported"
        " name_preferred name_reported organ_or_body_system_preferred organ_or_body_system_reported"
        " other_action_taken outcome_preferred outcome_reported relation_to_nonstudy_treatment"
        " relation_to_study_treatment severity_preferred severity_reported start_study_day start_time"
        " study_treatment_action_taken",
    ),
    _table(
        "assessment_component",
        "assessment_component_accession subject_accession assessment_panel_accession assessment_type?"
        " age_at_onset_preferred age_at_onset_reported age_at_onset_unit_preferred"
        " age_at_onset_unit_reported|age_at_onset_reported_unit is_clinically_significant"
        " location_of_finding_preferred location_of_finding_reported name_preferred|component_name_preferred"
        " name_reported|component_name_reported organ_or_body_system_preferred"
        " organ_or_body_system_reported panel_name_preferred? panel_name_reported? planned_visit_accession"
        " reference_range_accession result_unit_preferred result_unit_reported result_value_category"
        " result_value_preferred result_value_reported study_day subject_position_preferred"
        " subject_position_reported time_of_day verbatim_question who_is_assessed",
        aliases="assessment",
    ),
    _table(
        "assessment_panel",
        "assessment_panel_accession assessment_type name_preferred name_reported result_schema status",
    ),
    _table(
        "immune_exposure",
        "exposure_accession arm_accession subject_accession disease_ontology_id disease_preferred"
        " disease_reported disease_stage_preferred disease_stage_reported exposure_material_id"
        " exposure_material_preferred exposure_material_reported exposure_process_preferred"
        " exposure_process_reported",
    ),
    _table(
        "intervention",
        "intervention_accession|merge_accession subject_accession compound_name_reported compound_role dose"
        " dose_freq_per_interval dose_reported dose_units duration duration_unit end_day end_time"
        " formulation is_ongoing name_preferred|merge_name_preferred name_reported|merge_name_reported"
        " reported_indication route_of_admin_preferred route_of_admin_reported start_day start_time status",
        aliases="substance_merge",
    ),
    _table(
        "lab_test",
        "lab_test_accession lab_test_panel_accession biosample_accession name_preferred name_reported"
        " panel_name_preferred? panel_name_reported? result_unit_preferred result_unit_reported"
        " result_value_preferred result_value_reported",
    ),
    _table(
        "lab_test_panel",
        "lab_test_panel_accession name_preferred name_reported",
    ),
)

_STUDY = (
    _table(
        "study",
        "study_accession actual_completion_date actual_enrollment actual_start_date age_unit"
        " brief_description brief_title clinical_trial condition_studied dcl_id description doi endpoints"
        " gender_included|sex_included hypothesis initial_data_release_date|final_public_release_date"
        " initial_data_release_version intervention_agent latest_data_release_date"
        " latest_data_release_version maximum_age minimum_age objectives official_title"
        " sponsoring_organization target_enrollment type",
    ),
    _table(
        "arm_or_cohort",
        "arm_accession description name population_selection_rule? study_accession type_preferred"
        " type_reported|type",
    ),
    _table(
        "planned_visit",
        "planned_visit_accession end_rule max_start_day min_start_day name|visit_name order_number"
        " period_accession start_rule study_accession",
    ),
    _table("period", "period_accession name|title"),
    # The name of a grant is its external number today, and its title is the name.
    _table(
        "contract_grant",
        "contract_grant_id category description|summary end_date external_id|name/title keywords? link"
        " name=title|name"
        " program_id start_date",
    ),
    _table(
        "program",
        "program_id category description|summary end_date link name|title short_name start_date",
    ),
    _table("inclusion_exclusion", "criterion_accession criterion criterion_category study_accession"),
    _table(
        "protocol",
        "protocol_accession description=summary|description file_name name"
        " original_file_name|file_name/summary type",
    ),
    _bridge("study_2_condition_or_disease", "study_accession condition_reported condition_preferred"),
    _table("study_categorization", "study_categorization_id research_focus study_accession"),
    _table(
        "study_file",
        "study_file_accession description file_name study_accession study_file_type",
    ),
    _table("study_link", "study_link_id name study_accession type value"),
    _table(
        "study_personnel",
        "person_accession email first_name honorific last_name organization role_in_study site_name"
        " study_accession suffixes title_in_study",
    ),
    _bridge(
        "study_pubmed",
        "study_accession pubmed_id authors doi issue journal month pages title year",
    ),
)

#: Every table that is read, by today's name.
TABLES: dict[str, TabTable] = {
    item.name: item for item in (*_STUDY, *_SUBJECTS, *_SAMPLES, *_MATERIALS, *_BRIDGES, *_RESULTS)
}
#: Today's name of a table, by any name it has had.
NAMES: dict[str, str] = {name: item.name for item in TABLES.values() for name in (item.name, *item.aliases)}
