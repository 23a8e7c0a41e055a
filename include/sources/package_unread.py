"""Tables of a Tab package that nothing reads: counted and reported, no endpoint of the API tells of them."""

from __future__ import annotations

#: What they hold -> their names, as seen in packages of DR16 and DR25.
UNREAD: dict[str, tuple[str, ...]] = {
    what: tuple(names.split())
    for what, names in {
        "ties to protocols and arms that older packages have, and periods of the plan": "biosample_2_protocol"
        " lab_test_2_protocol study_2_protocol subject_2_protocol period planned_visit_2_arm",
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
