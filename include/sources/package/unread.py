"""What nothing reads of a Tab package, and why: whole tables, and columns of tables that are read.

Of a table that nothing reads the rows are counted, of such a column nothing is staged. Both stay in the
landing zone.
"""

from __future__ import annotations

#: What they hold -> their names, as seen in packages of DR16 and DR25.
UNREAD: dict[str, tuple[str, ...]] = {
    what: tuple(names.split())
    for what, names in {
        "links to protocols and arms, in older packages": "biosample_2_protocol"
        " lab_test_2_protocol study_2_protocol subject_2_protocol planned_visit_2_arm",
        "plates, and which parameter of a cytometer a reagent was read on": "expsample_mbaa_detail"
        " fcs_header_marker_2_reagent reagent_2_fcs_marker",
        "annotations of cytometry, in older packages": "fcs_annotation",
        "typing systems, in older packages": "hla_allele_status hla_typing_sys_feature hla_typing_system"
        " kir_typing_system",
        "people behind grants and programs": "contract_grant_2_personnel contract_grant_2_study personnel"
        " program_2_personnel",
        "visits and measures of subjects, in older packages": "actual_visit protocol_deviation"
        " reported_early_termination subject_measure_definition subject_measure_result",
        "glossaries and pictures of a study": "study_glossary study_image",
        "reference ranges, and the workspace of the study": "reference_range workspace",
        "vocabularies, which have endpoints and a DAG of their own": "lk_*",
    }.items()
}

#: Why a column is not read -> `table: columns`, with the names of headers; `*` is every table.
_COLUMNS: dict[str, tuple[str, ...]] = {
    "the workspace that a study was prepared in": ("*: workspace_id",),
    "repeats what another table or the row itself says": (
        "assessment_component: study_accession",
        "assessment_panel: study_accession",
        "control_sample_2_file_info: data_format experiment_accession",
        "standard_curve_2_file_info: data_format experiment_accession",
        "expsample_2_biosample: experiment_accession",
        "expsample_2_file_info: data_format experiment_accession result_schema",
        "expsample_2_reagent: experiment_accession",
        "expsample_2_treatment: experiment_accession",
        "expsample_public_repository: experiment_accession",
        "fcs_header: experiment_accession",
        "intervention: study_accession",
        "kir_typing_result: pop_area_name",
        "lab_test: study_accession",
        "lab_test_panel: study_accession",
        "pcr_result: threshold_cycles",
        "period: study_accession",
        "protocol: study_accession",
        "subject: age_event age_event_specify age_reported age_unit phenotype population_name taxonomy_id",
    ),
    "form of the data, which the kind of result implies": (
        "assessment_2_file_info: data_format",
        "control_sample: data_format",
        "expsample: data_format",
        "standard_curve: data_format",
    ),
    "of a package that also has PURPOSE or SUMMARY: today another meaning has the name": (
        "file_info: detail",
        "protocol: description",
    ),
    "state of the submission at ImmPort, no property of the sample": (
        "control_sample: result_tot_recs resultset_name upload_result_status",
        "expsample: upload_result_status",
        "standard_curve: result_tot_recs resultset_name upload_result_status",
    ),
    "order and state of ImmPort's own pages": (
        "arm_or_cohort: sort_order",
        "period: order_number",
        "experiment: graphic_summary",
        "study: delete_study download_page_available planned_public_release_date shared_study",
    ),
    "administration of a grant or program: officers, extensions, state": (
        "contract_grant: deputy_project_officer extended_date project_officer status type",
        "program: deputy_project_officer extended_date project_officer",
    ),
    "a contact person, whose name stays out of the warehouse": ("reagent: contact",),
    "identifiers in catalogues of ImmPort, beside the terms that are read": (
        "fcs_analyzed_result: population_name_preferred_id",
        "fcs_analyzed_result_marker: marker_preferred_term_id",
        "fcs_header_marker: pnn_preferred_term_id pns_preferred_term_id",
        "lk_analyte: gene_aliases gene_id genetic_nomenclature_id immunology_gene_symbol immunology_symbol"
        " link official_gene_name protein_ontology_id protein_ontology_name protein_ontology_synonyms"
        " taxonomy_id uniprot_entry uniprot_entry_name",
        "reagent: analyte_preferred_term_id",
    ),
    "names a row of a table that is not read": (
        "assessment_component: actual_visit_accession",
        "biosample: actual_visit_accession biosampling_accession",
        "intervention: actual_visit_accession",
        "kir_typing_result: result_set_id",
        "lab_test: reference_range_accession",
    ),
    "flag of a day that was computed from part of a date": (
        "assessment_component: study_day_from_partial_date",
        "intervention: end_day_from_partial_date start_day_from_partial_date",
    ),
    "the text that an FCS file begins with: the file has it": ("fcs_header: fcs_header_text",),
    "empty in every package at hand, and gone since DR25": (
        "elispot_result: unit_preferred value_preferred",
        "experiment: hypothesis keywords qc_measures rationale",
        "fcs_analyzed_result: gating_parameter_statistics other_population_statistics population_percent",
        "intervention: compound_other_name_reported",
        "kir_typing_result: allele copy_number gene_name interpretation_report present_absent",
        "protocol: keywords",
        "reagent: analyte_reported_description",
        "standard_curve: comments",
        "study_file: title",
    ),
}

#: Why a column is not read -> table and header name; `*` for a table is every one.
UNREAD_COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    why: tuple(
        (table, name)
        for item in items
        for table, _, names in (item.partition(": "),)
        for name in names.split()
    )
    for why, items in _COLUMNS.items()
}


def unread(table: str) -> frozenset[str]:
    """Header names of a table that nothing reads."""
    return frozenset(
        name for names in UNREAD_COLUMNS.values() for owner, name in names if owner in (table, "*")
    )
