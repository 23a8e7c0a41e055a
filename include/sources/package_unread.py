"""Tables of a Tab package that nothing reads: counted and reported, no endpoint of the API tells of them."""

from __future__ import annotations

#: What they hold -> their names, as seen in packages of DR16 and DR25.
UNREAD: dict[str, tuple[str, ...]] = {
    what: tuple(names.split())
    for what, names in {
        "ties to protocols, periods and panels of the plan": "biosample_2_protocol experiment_2_protocol"
        " lab_test_2_protocol lab_test_panel_2_protocol study_2_protocol subject_2_protocol period"
        " planned_visit_2_arm study_2_panel",
        "reagents, plates and treatments": "biosample_2_treatment expsample_2_reagent expsample_mbaa_detail"
        " reagent reagent_2_fcs_marker reagent_set_2_reagent treatment",
        "controls and standards": "control_sample control_sample_2_file_info standard_curve"
        " standard_curve_2_file_info",
        "headers and markers of cytometry": "fcs_analyzed_result_marker fcs_annotation fcs_header"
        " fcs_header_marker fcs_header_marker_2_reagent",
        "typing systems, in older packages": "hla_allele_status hla_typing_sys_feature hla_typing_system"
        " kir_typing_system",
        "people behind grants and programs": "contract_grant_2_personnel contract_grant_2_study personnel"
        " program_2_personnel",
        "visits and measures of subjects, in older packages": "actual_visit protocol_deviation"
        " reported_early_termination subject_measure_definition subject_measure_result",
        "files and repositories beside those of results": "assessment_2_file_info expsample_public_repository"
        " rna_seq_result study_glossary study_image",
        "reference ranges, and the workspace of the study": "reference_range workspace",
        "vocabularies, which have endpoints and a DAG of their own": "lk_*",
    }.items()
}
