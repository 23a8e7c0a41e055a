"""The tables of a Tab package that are read: their columns, and the names these had in older releases.

Header names as seen in packages of DR16, DR25 and DR33, and in ImmPort's relational model of DR20.
"""

from __future__ import annotations

from dataclasses import dataclass

#: What the rows of nearly every table end with: the workspace the study was prepared in.
_EVERYWHERE = ("workspace_id",)


@dataclass(frozen=True)
class TabTable:
    """One table of a package.

    :param name: as packages of today call it; its member is `Tab/<name>.txt`.
    :param headers: header names that hold a column, by column: the first one that is there is taken.
    :param aliases: names of the table in older packages.
    :param unread: header names that are known and not needed; any other is drift.
    :param moved: columns of older packages, dropped since or moved to a table of their own: nobody misses
        them.
    """

    name: str
    headers: dict[str, tuple[str, ...]]
    aliases: tuple[str, ...] = ()
    unread: frozenset[str] = frozenset()
    moved: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.headers)


def _table(name: str, columns: str, *, unread: str = "", aliases: str = "") -> TabTable:
    """Read `"arm_accession type_reported|type"`: a column, and after a bar its older header names.

    `name=title|name` lists all header names where today's is not the first to look for, and
    `assessment_type?` is a column that older packages alone have here.
    """
    headers: dict[str, tuple[str, ...]] = {}
    moved = set()
    for word in columns.split():
        column, _, given = word.removesuffix("?").partition("=")
        names = tuple((given or column).split("|"))
        headers[column.partition("|")[0]] = names
        if word.endswith("?"):
            moved.add(column)
    needless = frozenset((*unread.split(), *_EVERYWHERE)) - {
        name for names in headers.values() for name in names
    }
    return TabTable(name, headers, tuple(aliases.split()), needless, frozenset(moved))


def _result(name: str, columns: str, *, unread: str = "") -> TabTable:
    """A table of results: what all of them have, and the columns of one assay."""
    shared = (
        "result_id study_accession arm_accession subject_accession biosample_accession experiment_accession"
        " study_time_collected study_time_collected_unit comments repository_accession repository_name"
    )
    return _table(name, f"{shared} {columns}", unread=unread)


_RESULTS = (
    _result(
        "elisa_result",
        "expsample_accession analyte_preferred analyte_reported|analyte"
        " qualitative_result? unit_preferred unit_reported value_preferred value_reported",
    ),
    _result(
        "elispot_result",
        "expsample_accession analyte_preferred analyte_reported|analyte"
        " cell_number_preferred cell_number_reported spot_number_preferred spot_number_reported",
        unread="cell_type unit_preferred value_preferred",
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
        unread="gating_parameter_statistics other_population_statistics population_name_preferred_id"
        " population_percent",
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
        unread="allele copy_number gene_name interpretation_report pop_area_name present_absent"
        " result_set_id",
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
        unread="threshold_cycles",
    ),
)

_SAMPLES = (
    _table(
        "biosample",
        "biosample_accession description name planned_visit_accession study_accession study_time_collected"
        " study_time_collected_unit study_time_t0_event study_time_t0_event_specify subject_accession"
        " subtype type",
        unread="actual_visit_accession biosampling_accession",
    ),
    _table(
        "experiment",
        "experiment_accession description measurement_technique name|title study_accession",
        unread="graphic_summary hypothesis keywords purpose qc_measures rationale",
    ),
    _table(
        "expsample",
        "expsample_accession description experiment_accession name result_schema result_total_recs",
        unread="data_format upload_result_status",
    ),
    _table(
        "expsample_2_biosample",
        "expsample_accession biosample_accession",
        unread="experiment_accession",
        aliases="biosample_2_expsample",
    ),
    _table(
        "expsample_2_file_info",
        "expsample_accession file_info_id",
        unread="data_format experiment_accession result_schema",
    ),
    _table(
        "file_info",
        "file_info_id detail filesize_bytes name original_file_name|original_name",
        unread="purpose",
    ),
    _table(
        "lk_analyte",
        "analyte_accession gene_symbol",
        unread="gene_aliases gene_id genetic_nomenclature_id immunology_gene_symbol immunology_symbol link"
        " official_gene_name protein_ontology_id protein_ontology_name protein_ontology_synonyms"
        " taxonomy_id uniprot_entry uniprot_entry_name",
    ),
)

_MATERIALS = (
    _table("biosample_2_treatment", "biosample_accession treatment_accession"),
    _table("expsample_2_treatment", "expsample_accession treatment_accession", unread="experiment_accession"),
    _table(
        "treatment",
        "treatment_accession amount_unit amount_value comments duration_unit duration_value name"
        " temperature_unit temperature_value",
    ),
    _table("expsample_2_reagent", "expsample_accession reagent_accession", unread="experiment_accession"),
    _table("reagent_set_2_reagent", "reagent_set_accession reagent_accession"),
    # The person to ask for a reagent stays out of the warehouse.
    _table(
        "reagent",
        "reagent_accession analyte_preferred analyte_reported antibody_registry_id catalog_number"
        " clone_name|detector_name description is_set lot_number manufacturer name reporter_name type"
        " weblink",
        unread="analyte_preferred_term_id analyte_reported_description contact",
    ),
    _table(
        "control_sample",
        "control_sample_accession assay_group_id assay_id catalog_id dilution_factor experiment_accession"
        " lot_number result_schema source",
        unread="data_format result_tot_recs resultset_name upload_result_status",
    ),
    _table(
        "standard_curve",
        "standard_curve_accession analyte_preferred analyte_reported|analyte assay_group_id assay_id"
        " experiment_accession formula lower_limit lower_limit_unit result_schema upper_limit"
        " upper_limit_unit",
        unread="comments data_format result_tot_recs resultset_name upload_result_status",
    ),
    _table(
        "fcs_header",
        "fcs_header_id compensation_flag expsample_accession fcs_file_name fcs_version file_info_id"
        " maximum_intensity minimum_intensity number_of_events number_of_markers panel_preferred"
        " panel_reported",
        unread="experiment_accession fcs_header_text",
    ),
    _table(
        "fcs_header_marker",
        "fcs_header_id parameter_number pnn_preferred pnn_reported pns_preferred pns_reported",
        unread="pnn_preferred_term_id pns_preferred_term_id",
    ),
    _table(
        "fcs_analyzed_result_marker",
        "fcs_analyzed_result_marker_id population_marker_preferred population_marker_reported"
        " result_id|fcs_analyzed_result_id",
        unread="marker_preferred_term_id",
    ),
)

_TIES = (
    _table("assessment_2_file_info", "assessment_panel_accession file_info_id result_schema",
           unread="data_format"),
    _table("control_sample_2_file_info", "control_sample_accession file_info_id result_schema",
           unread="data_format experiment_accession"),
    _table("standard_curve_2_file_info", "standard_curve_accession file_info_id result_schema",
           unread="data_format experiment_accession"),
    _table("expsample_public_repository", "expsample_accession repository_accession repository_name",
           unread="experiment_accession"),
    _table("experiment_2_protocol", "experiment_accession protocol_accession"),
    _table("lab_test_panel_2_protocol", "lab_test_panel_accession protocol_accession"),
    _table("study_2_panel", "study_accession panel_name"),
)  # fmt: skip

_SUBJECTS = (
    _table(
        "arm_2_subject",
        "arm_accession subject_accession age_event age_event_specify age_unit max_subject_age"
        " min_subject_age subject_phenotype subject_location",
        unread="study_enrollment_day",
    ),
    _table(
        "subject",
        "subject_accession ancestral_population description ethnicity gender|sex race race_specify species"
        " strain strain_characteristics",
        unread="age_event age_event_specify age_reported age_unit phenotype population_name taxonomy_id",
    ),
    _table(
        "adverse_event",
        "adverse_event_accession study_accession subject_accession causality description|event_description"
        " end_study_day end_time location_of_reaction_preferred location_of_reaction_reported"
        " name_preferred name_reported organ_or_body_system_preferred organ_or_body_system_reported"
        " other_action_taken outcome_preferred outcome_reported relation_to_nonstudy_treatment"
        " relation_to_study_treatment severity_preferred severity_reported start_study_day start_time"
        " study_treatment_action_taken",
        unread="is_serious_event",
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
        unread="actual_visit_accession study_accession study_day_from_partial_date",
        aliases="assessment",
    ),
    _table(
        "assessment_panel",
        "assessment_panel_accession assessment_type name_preferred name_reported result_schema status",
        unread="study_accession",
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
        unread="actual_visit_accession compound_other_name_reported end_day_from_partial_date"
        " start_day_from_partial_date study_accession",
        aliases="substance_merge",
    ),
    _table(
        "lab_test",
        "lab_test_accession lab_test_panel_accession biosample_accession name_preferred name_reported"
        " panel_name_preferred? panel_name_reported? result_unit_preferred result_unit_reported"
        " result_value_preferred result_value_reported",
        unread="reference_range_accession study_accession",
    ),
    _table(
        "lab_test_panel",
        "lab_test_panel_accession name_preferred name_reported",
        unread="study_accession",
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
        " sponsoring_organization target_enrollment",
        unread="delete_study download_page_available planned_public_release_date shared_study type",
    ),
    _table(
        "arm_or_cohort",
        "arm_accession description name study_accession type_preferred type_reported|type",
        unread="population_selection_rule sort_order",
    ),
    _table(
        "planned_visit",
        "planned_visit_accession end_rule max_start_day min_start_day name|visit_name order_number"
        " start_rule study_accession",
        unread="period_accession",
    ),
    # The name of a grant is its external number today, and its title is the name.
    _table(
        "contract_grant",
        "contract_grant_id category description|summary end_date external_id|name link name=title|name"
        " program_id start_date",
        unread="deputy_project_officer extended_date keywords project_officer status type",
    ),
    _table(
        "program",
        "program_id category description|summary end_date link name|title short_name start_date",
        unread="deputy_project_officer extended_date project_officer",
    ),
    _table("inclusion_exclusion", "criterion_accession criterion criterion_category study_accession"),
    _table(
        "protocol",
        "protocol_accession description file_name name original_file_name type",
        unread="keywords study_accession summary",
    ),
    _table("study_2_condition_or_disease", "study_accession condition_reported condition_preferred"),
    _table("study_categorization", "study_categorization_id research_focus study_accession"),
    _table(
        "study_file",
        "study_file_accession description file_name study_accession study_file_type",
        unread="title",
    ),
    _table("study_link", "study_link_id name study_accession type value"),
    _table(
        "study_personnel",
        "person_accession email first_name honorific last_name organization role_in_study site_name"
        " study_accession suffixes title_in_study",
    ),
    _table(
        "study_pubmed",
        "study_accession pubmed_id authors doi issue journal month pages title year",
    ),
)

#: Every table that is read, by today's name.
TABLES: dict[str, TabTable] = {
    item.name: item for item in (*_STUDY, *_SUBJECTS, *_SAMPLES, *_MATERIALS, *_TIES, *_RESULTS)
}
#: Today's name of a table, by any name it has had.
NAMES: dict[str, str] = {name: item.name for item in TABLES.values() for name in (item.name, *item.aliases)}
