"""Where the rows of each upload template are in the star: declared once, by names.

An alias is the name of ImmPort's own table, which the templates' JSON gives for each column: the column of
the star follows from it (`columns.py`), and how relations are joined from their keys. What neither says is
declared as a cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Queries that are joined like a relation, each by its key: their columns.
QUERIES: dict[str, tuple[str, ...]] = {
    "biosample_2_treatment": ("biosample_key", "treatment_accession"),
    "collected": (
        "biosample_key",
        "study_time_collected",
        "study_time_collected_unit",
        "study_time_t0_event",
        "study_time_t0_event_specify",
    ),
    "experiment_2_protocol": ("experiment_key", "protocol_accession"),
    "expsample_2_reagent": ("expsample_key", "reagent_accession"),
    "expsample_2_treatment": ("expsample_key", "treatment_accession"),
    "expsample_file": (
        "expsample_key",
        "file_name",
        "further_names",
        "all_names",
        "fcs_name",
        "control_names",
        "other_names",
    ),
    "expsample_mbaa_detail": ("expsample_key", "assay_id", "assay_group_id"),
    "expsample_biosample": ("expsample_key", "biosample_accession", "experiment_accession"),
    "hla_locus": (
        "typing",
        "expsample_key",
        "subject_key",
        "result_ids",
        "remarks",
        *(
            f"{gene}_{number}"
            for gene in ("a", "b", "c", "dpa1", "dpb1", "dqa1", "dqb1", "drb1", "drb3", "drb4", "drb5")
            for number in (1, 2)
        ),
    ),
    "lab_test_panel_2_protocol": ("lab_test_panel_accession", "protocol_accession"),
    "participation_order": ("participation_key", "place"),
    "reagent_set_2_reagent": ("reagent_key", "reagent_accession"),
    "study_focus": ("study_key", "research_focus", "place"),
}
#: Queries that have several rows of a relation in one: the relation, and the column that names the rows.
GATHERED = {"hla_locus": ("fact_hla_typing", "result_ids")}


@dataclass(frozen=True)
class Origin:
    """Where the rows of one table of a template are.

    :ivar table: name of the template, of a compound one with the block: `basic_study_design/study`.
    :ivar relations: `alias=relation`, the first with the rows; the others are joined by the key that they
        share with one before, which `@key` names where it is not that of a dimension. Rows of the star are
        counted for the first, and for those that are joined by `@key`.
    :ivar rows: SQL condition that chooses among the rows of the study.
    :ivar cells: SQL of columns whose names say nothing; None for one that the star does not have, although a
        column of another table has its name.
    :ivar is_of_study: whether the first relation's rows have the study's key.
    :ivar is_distinct: whether equal rows are one.
    """

    table: str
    relations: str
    rows: str = ""
    cells: Mapping[str, str | None] = field(default_factory=dict)
    is_of_study: bool = True
    is_distinct: bool = False


#: Records that have a template of their own in the package: others name them and describe them no further.
DESCRIBED_ELSEWHERE = {"biosample", "experiment"}
#: Of kinds of records whose accession is not named like the kind.
ACCESSIONS = {
    "arm_or_cohort": "arm_accession",
    "inclusion_exclusion": "criterion_accession",
    "study_personnel": "person_accession",
}

_TREATMENTS = """treatment.treatment_key in (
    select t.treatment_key from star.bridge_expsample_treatment as t where t.study_key = :study_key
    union select t.treatment_key from star.bridge_biosample_treatment as t where t.study_key = :study_key)"""
_REAGENTS = """reagent.reagent_key in (
    select r.reagent_key from star.bridge_expsample_reagent as r where r.study_key = :study_key
    union select r.reagent_key from star.bridge_reagent_set as r where r.study_key = :study_key
    union select r.set_reagent_key from star.bridge_reagent_set as r where r.study_key = :study_key)"""
_USE = (
    "case when coalesce(treatment.amount_value::text, treatment.amount_value_text,"
    " treatment.duration_value::text, treatment.duration_value_text,"
    " treatment.temperature_value::text, treatment.temperature_value_text) is null then 'No' else 'Yes' end"
)
_SAMPLES = "expsample.expsample_key = any(:samples)"
_SAMPLE = (
    "{} expsample_biosample=expsample_biosample expsample_2_reagent=expsample_2_reagent"
    " expsample_2_treatment=expsample_2_treatment expsample_file=expsample_file"
)
#: Columns of a sample that are the same in all templates of samples.
_OF_SAMPLE = {
    "Expsample Name": "expsample.name",
    "Expsample Description": "expsample.description",
    "Additional Result File Names": "expsample_file.all_names",
}


def _results(table: str, fact: str, **cells: str) -> Origin:
    """Samples and their results in one row."""
    relations = _SAMPLE.format(
        f"expsample=dim_expsample {fact.removeprefix('fact_')}_result={fact}@expsample_key"
    )
    named = {name.replace("_", " ").title().replace(" Id", " ID"): sql for name, sql in cells.items()}
    return Origin(table, relations, _SAMPLES, {**_OF_SAMPLE, **named})


def _samples(table: str, results: str = "", further: str = "") -> Origin:
    """Samples, whose results are in a template of their own or in files."""
    named: dict[str, str] = {"Result File Name": "expsample_file.file_name"}
    named["Additional Result File Names"] = "expsample_file.further_names"
    if results:
        has = f"exists (select from star.{results} as r where r.expsample_key = expsample.expsample_key)"
        named["ImmPort Template?"] = f"case when {has} then 'Yes' else 'No' end"
        named["Result File Name"] = f"case when not {has} then expsample_file.file_name end"
        names = "expsample_file.all_names else expsample_file.further_names"
        named["Additional Result File Names"] = f"case when {has} then {names} end"
    relations = f"{_SAMPLE.format('expsample=dim_expsample')} {further}".strip()
    return Origin(table, relations, _SAMPLES, {**_OF_SAMPLE, **named})


def _reagents(table: str) -> Origin:
    rows = f"reagent.reagent_key = any(:reagents) and {_REAGENTS}"
    return Origin(table, "reagent=dim_reagent", rows, is_of_study=False)


#: By results of the star, the template of their samples and, if they are not in it, their own.
ASSAYS: dict[str, tuple[str, str | None]] = {
    "fact_elisa": ("elisa", None),
    "fact_elispot": ("elispot", None),
    "fact_hai": ("hai", None),
    "fact_neut_ab_titer": ("neutralizing_antibody_titer", None),
    "fact_pcr": ("qrt-pcr", None),
    "fact_mbaa": ("mbaa", "mbaa_results"),
    "fact_fcs_analyzed": ("flow_cytometry", "fcm_derived_data"),
    "fact_hla_typing": ("hla", "hla_typing"),
    "fact_kir_typing": ("kir", "kir_typing"),
    "fact_rna_seq": ("rna_sequencing", "rna_seq_results"),
}
#: By technique, the template of samples that have another one than their results say, or no results.
TECHNIQUES = {
    "CyTOF": "cytof",
    "Virus Neutralization": "virus_neutralization",
    "Flow Cytometry": "flow_cytometry",
    "HLA Typing": "hla",
    "KIR Typing": "kir",
    "Mass Spectrometry": "mass_spectrometry",
    "RNA sequencing": "rna_sequencing",
    "DNA microarray": "gene_expression_array",
    "Array": "gene_expression_array",
    "Transcription profiling by array": "gene_expression_array",
    "SNP microarray": "genotyping_array",
    "Microscopy": "image_histology",
}
#: Templates that both results and a technique may ask for: the technique decides.
SAME_RESULTS = {"flow_cytometry": "cytof", "neutralizing_antibody_titer": "virus_neutralization"}
#: Where samples go that nothing else claims, and reagents.
OTHER_SAMPLES, OTHER_REAGENTS, REAGENT_SETS = "other", "other_reagents", "reagent_sets"
#: By type of reagent, the template of such reagents where it is not named like the type.
REAGENT_TYPES = {
    "cytometric bead array": "mbaa_reagents",
    "hemagglutination inhibition": "hai_reagents",
    "luminex xmap": "mbaa_reagents",
    "neutralizing antibody titer": "neutralizing_antibody_titer_reagents",
}

_VISITED = "subject=dim_subject planned_visit=dim_planned_visit study=dim_study"
_FIRST, _FURTHER = "participation_order.place = 1", "participation_order.place > 1"
_SUBJECTS = (
    "arm_2_subject=dim_participation participation_order=participation_order subject=dim_subject"
    " arm_or_cohort=dim_arm species=dim_species immune_exposure=fact_immune_exposure@participation_key"
)
_ANIMALS = "coalesce(species.species, 'Homo sapiens') <> 'Homo sapiens'"
_FCS = {
    "Gating Definition Reported": "fcs_analyzed_result.population_definition_reported",
    "Workspace File": """(
        select min(w.file_name) from star.fact_result_file as w
        where w.study_key = :study_key and w.file_info_id = fcs_analyzed_result.workspace_file_info_id)""",
}
_FCS_RESULTS = "fcs_analyzed_result=fact_fcs_analyzed expsample=dim_expsample"
_CONTROLS = (
    " experiment=dim_experiment study=dim_study experiment_2_protocol=experiment_2_protocol"
    " technique=dim_technique"
)
_MADE_FOR_MBAA = (
    "case when exists (select from star.fact_mbaa as r where r.{0} = {1}.{0}) then 'Yes' else 'No' end"
)

#: All tables of templates that are filled, in the order in which ImmPort loads them.
ORIGINS: tuple[Origin, ...] = (
    Origin("protocols", "study_2_protocol=bridge_study_protocol protocol=dim_protocol",
           cells={"File Name": "protocol.file_name"}),
    Origin("basic_study_design/study", "study=dim_study"),
    Origin("basic_study_design/study_categorization", "study_categorization=study_focus",
           "study_categorization.place = 1"),
    Origin("basic_study_design/study_2_condition_or_disease",
           "study_2_condition_or_disease=bridge_study_condition"),
    Origin("basic_study_design/arm_or_cohort", "arm_or_cohort=dim_arm"),
    Origin("basic_study_design/study_personnel",
           "role=bridge_study_personnel study_personnel=dim_person"),
    Origin("basic_study_design/planned_visit", "planned_visit=dim_planned_visit"),
    Origin("basic_study_design/inclusion_exclusion", "inclusion_exclusion=bridge_study_criterion"),
    Origin("basic_study_design/study_2_protocol",
           "study_2_protocol=bridge_study_protocol protocol=dim_protocol"),
    Origin("basic_study_design/study_file", "study_file=bridge_study_file"),
    Origin("basic_study_design/study_link", "study_link=bridge_study_link"),
    Origin("basic_study_design/study_pubmed",
           "named=bridge_study_pubmed study_pubmed=dim_publication"),
    Origin("subjecthumans", _SUBJECTS, f"{_FIRST} and not {_ANIMALS}"),
    Origin("subjectanimals", _SUBJECTS, f"{_FIRST} and {_ANIMALS}"),
    Origin("study_design_edit/arm_2_subject",
           "arm_2_subject=dim_participation participation_order=participation_order subject=dim_subject"
           " arm_or_cohort=dim_arm", _FURTHER),
    Origin("immuneexposure",
           "immune_exposure=fact_immune_exposure participation_order=participation_order"
           " subject=dim_subject arm_or_cohort=dim_arm", _FURTHER),
    Origin("treatments", "treatment=dim_treatment", _TREATMENTS, {"Use Treatment?": _USE}, is_of_study=False),
    *(_reagents(f"{kind}_reagents") for kind in (
        "array", "cytof", "elisa", "elispot", "flow_cytometry", "hai", "hla_typing", "kir_typing", "mbaa",
        "neutralizing_antibody_titer", "other", "pcr", "sequencing", "virus_neutralization")),
    Origin(REAGENT_SETS, "reagent=dim_reagent reagent_set_2_reagent=reagent_set_2_reagent",
           f"reagent.reagent_key = any(:reagents) and {_REAGENTS}", is_of_study=False),
    Origin("biosamples",
           f"biosample=dim_biosample {_VISITED} biosample_2_treatment=biosample_2_treatment"
           " collected=collected"),
    Origin("experiments",
           "experiment=dim_experiment technique=dim_technique study=dim_study"
           " experiment_2_protocol=experiment_2_protocol", cells={"Hypothesis": None}),
    _results("elisa", "fact_elisa"),
    _results("elispot", "fact_elispot"),
    _results("hai", "fact_hai"),
    _results("neutralizing_antibody_titer", "fact_neut_ab_titer"),
    _results("virus_neutralization", "fact_neut_ab_titer"),
    _results("qrt-pcr", "fact_pcr", gene_symbol_name="pcr_result.gene_symbol_reported",
             gene_id="pcr_result.gene_id_sent"),
    _samples("mbaa", "fact_mbaa", "expsample_mbaa_detail=expsample_mbaa_detail"),
    _samples("hla", "fact_hla_typing"),
    _samples("kir", "fact_kir_typing"),
    _samples("rna_sequencing", "fact_rna_seq"),
    *(_samples(name) for name in ("cytof", "image_histology", "mass_spectrometry", "other")),
    *(Origin(name, _SAMPLE.format("expsample=dim_expsample"), _SAMPLES, _OF_SAMPLE)
      for name in ("gene_expression_array", "genotyping_array")),
    Origin("flow_cytometry", _SAMPLE.format("expsample=dim_expsample"), _SAMPLES, _OF_SAMPLE | {
        ".Fcs Result File": "expsample_file.fcs_name",
        "Compensation Or Control File Name(s)": "expsample_file.control_names",
        "Additional Result File Names": "expsample_file.other_names"}),
    Origin("mbaa_results", "mbaa_result=fact_mbaa", cells={"Source ID": "mbaa_result.source_accession"}),
    Origin("fcm_derived_data", _FCS_RESULTS, _SAMPLES, _FCS),
    Origin("cytof_derived_data", _FCS_RESULTS, _SAMPLES, _FCS),
    Origin("hla_typing", "hla_typing_result=hla_locus expsample=dim_expsample subject=dim_subject",
           is_of_study=False, rows=_SAMPLES, cells={"Comments": "hla_typing_result.remarks"}),
    Origin("kir_typing", "kir_typing_result=fact_kir_typing expsample=dim_expsample", _SAMPLES, {
        "Allele 1": "kir_typing_result.allele1", "Allele 2": "kir_typing_result.allele2"}),
    Origin("rna_seq_results", "rna_seq_result=fact_rna_seq expsample=dim_expsample", _SAMPLES,
           {"Repository Name": "rna_seq_result.reference_repository_name"}),
    Origin("controlsamples", f"control_sample=dim_control_sample{_CONTROLS}",
           cells={"ImmPort Template?": _MADE_FOR_MBAA.format("control_sample_key", "control_sample")}),
    Origin("standardcurves", f"standard_curve=dim_standard_curve{_CONTROLS}",
           cells={"ImmPort Template?": _MADE_FOR_MBAA.format("standard_curve_key", "standard_curve")}),
    Origin("public_repositories",
           "expsample_public_repository=bridge_expsample_repository expsample=dim_expsample"),
    Origin("labtestpanels",
           "lab_test_panel=fact_lab_test study=dim_study"
           " lab_test_panel_2_protocol=lab_test_panel_2_protocol@lab_test_panel_accession",
           is_distinct=True),
    Origin("labtest_results", "lab_test=fact_lab_test biosample=dim_biosample"),
    Origin("assessments", f"assessment_component=fact_assessment {_VISITED}"),
    Origin("adverseevents", "adverse_event=fact_adverse_event subject=dim_subject study=dim_study"),
    Origin("interventions", "intervention=fact_intervention subject=dim_subject study=dim_study", cells={
        "Compound Name Reported": "intervention.compound_name",
        "Dose": "coalesce(intervention.dose_preferred::text, intervention.dose_preferred_text)"}),
)  # fmt: skip

#: Why the star has nothing for a column, where it is not that Shared Data lacks it.
REASONS = {
    "Email": "the warehouse shows e-mail addresses to nobody",
    "CRF File Names": "Shared Data names files of assessments by number alone",
    "Repository Name": "in the template public_repositories",
    "Repository Accession": "in the template public_repositories",
}
#: Records of several studies: which of them are a study's, their own queries say.
SHARED_RECORDS = ("dim_treatment", "dim_reagent")
#: What a study has that no template takes, and why.
NO_TEMPLATE = {
    "fact_mass_spectrometry": "ImmPort takes results of mass spectrometry as a file",
    "bridge_study_grant": "ImmPort takes grants by another way than templates",
    "bridge_expsample_biosample": "a template names one biosample of a sample: the first of several is in it",
    "dim_study.research_focus": "a template has one research focus of a study: the first of several is in it",
}
#: Templates that are not filled, and where their rows are instead.
NOT_FILLED = {
    **dict.fromkeys(
        ("elisa_results", "elispot_results", "hai_results", "pcr_results", "virus_neutralization_results"),
        "results are in the template of their samples",
    ),
    "labtests": "lab tests are in labtestpanels and labtest_results",
}
#: Where a template has one of several: what they are, how the others are counted.
ONE_OF_SEVERAL = {
    "bridge_expsample_biosample": """
        select count(*) - count(distinct b.expsample_key)
        from star.bridge_expsample_biosample as b where b.study_key = :study_key""",
    "dim_study.research_focus": """
        select greatest(cardinality(string_to_array(s.research_focus, ';')) - 1, 0)
        from star.dim_study as s where s.study_key = :study_key""",
}
NOT_SHARED = "ImmPort Shared Data does not have it"
