"""What was done to subjects and seen of them outside the assays: clinical facts, and their terms.

ImmPort repeats a lab test, an assessment and an intervention for each arm of the subject. Here each is
one row, of the subject alone: its arms and its age in each are in dim_participation.
"""

from __future__ import annotations

from include.warehouse.model.common_columns import VISIT, measured, pair, unit
from include.warehouse.model.declaration import Column, Dimension, Fact, S, Type
from include.warehouse.model.measured_values import CLINICAL
from include.warehouse.model.relations import Reference

TEXT = Type.TEXT


def _accession(name: str, meaning: str) -> Column:
    return Column(f"{name}_accession", f"ImmPort's accession of the {meaning}")


def _terms(name: str, grain: str) -> Dimension:
    """One member per combination of a reported and a preferred name."""
    return Dimension(
        name=name,
        grain=f"one {grain} as reported, with the preferred term ImmPort gave it",
        natural_key=(
            Column(f"{name}_preferred", f"Preferred name of the {grain}"),
            Column(f"{name}_reported", "Name as reported"),
        ),
    )


def _named(dimension: str, source: str, meaning: str, role: str = "") -> Reference:
    return Reference(dimension, (S[f"{source}_preferred"], S[f"{source}_reported"]), meaning, role)


LAB_TEST = _terms("lab_test", "lab test")
ASSESSMENT_COMPONENT = _terms("assessment_component", "component of an assessment")
PANEL = _terms("panel", "panel of lab tests or of assessed components")
DISEASE = _terms("disease", "disease or condition")

CLINICAL_TERMS: tuple[Dimension, ...] = (LAB_TEST, ASSESSMENT_COMPONENT, PANEL, DISEASE)

SUBJECT = Reference("subject", (S.subject_accession,), "Subject concerned; its arms are in dim_participation")
_RESULT = (
    *pair("result_value", "Value"),
    *pair("result_unit", "Unit", TEXT),
)

LAB_TESTS = Fact(
    name="lab_test",
    grain="one lab test of one sample, whatever number of arms its subject is in",
    endpoint="labtest",
    row_id=_accession("lab_test", "lab test, LT..."),
    references=(
        SUBJECT,
        Reference("biosample", (S.biosample_accession,), "Sample tested"),
        VISIT,
        _named("lab_test", "lab_test_name", "What was tested"),
        _named("panel", "lab_test_panel_name", "Panel the test belongs to"),
        unit(S.result_unit_preferred, S.result_unit_reported),
    ),
    columns=(
        *pair("lab_test_name", "Name of the test", TEXT),
        *pair("lab_test_panel_name", "Name of the panel", TEXT),
        _accession("lab_test_panel", "panel, LP..."),
        *_RESULT,
    ),
    derived=CLINICAL.columns,
    lookup=CLINICAL.lookup,
)

ASSESSMENTS = Fact(
    name="assessment",
    grain="one assessed component of one subject, whatever number of arms the subject is in",
    endpoint="assessment",
    row_id=_accession("assessment_component", "assessed component, AC..."),
    references=(
        SUBJECT,
        VISIT,
        _named("assessment_component", "assessment_component_name", "What was assessed"),
        _named("panel", "assessment_panel_name", "Panel the component belongs to"),
        unit(S.result_unit_preferred, S.result_unit_reported),
    ),
    columns=(
        *pair("assessment_component_name", "Name of the component", TEXT),
        *pair("assessment_panel_name", "Name of the panel", TEXT),
        _accession("assessment_panel", "panel, AP..."),
        Column("assessment_type", "Kind of assessment"),
        Column("status", "Status of the panel"),
        Column("result_value_reported", "Value, as reported, never altered"),
        *measured("result_value_preferred", "Value, as ImmPort curated it"),
        *pair("result_unit", "Unit", TEXT),
        Column("result_value_category", "Category of the value"),
        *measured("study_day", "Day of the study", "days"),
        Column("time_of_day", "Time of the day"),
        Column("age_at_onset_reported", "Age at which it began, as reported, never altered"),
        *measured("age_at_onset_preferred", "Age at which it began", "age_at_onset_unit_preferred"),
        *pair("age_at_onset_unit", "Unit of that age", TEXT),
        Column("is_clinically_significant", "Y when the finding matters clinically"),
        *pair("location_of_finding", "Place in the body", TEXT),
        *pair("organ_or_body_system", "Organ or body system", TEXT),
        *pair("subject_position", "Position of the subject", TEXT),
        Column("reference_range_accession", "ImmPort's accession of the range that is normal"),
        Column("verbatim_question", "Question as it was asked"),
        Column("who_is_assessed", "Who was assessed: the subject, or a relative"),
    ),
    derived=CLINICAL.columns,
    lookup=CLINICAL.lookup,
)

ADVERSE_EVENTS = Fact(
    name="adverse_event",
    grain="one adverse event of one subject",
    endpoint="adverseEvent",
    row_id=_accession("adverse_event", "adverse event, AE..."),
    references=(SUBJECT,),
    columns=(
        *pair("name", "Name of the event", TEXT),
        Column("description", "The event in the submitter's words"),
        Column("is_serious_event", "Y when the event was serious; known from packages up to DR16 only"),
        *pair("severity", "Severity", TEXT),
        *pair("outcome", "Outcome", TEXT),
        *pair("organ_or_body_system", "Organ or body system", TEXT),
        *pair("location_of_reaction", "Place of the reaction in the body", TEXT),
        Column("causality", "Whether the study caused it"),
        Column("relation_to_study_treatment", "Relation to the treatment of the study"),
        Column("relation_to_nonstudy_treatment", "Relation to any other treatment"),
        Column("study_treatment_action_taken", "What was done about the treatment of the study"),
        Column("other_action_taken", "What else was done"),
        Column("start_study_day", "Day of the study on which it began", Type.NUMERIC, unit="days"),
        Column("start_time", "Time of that day"),
        Column("end_study_day", "Day of the study on which it ended", Type.NUMERIC, unit="days"),
        Column("end_time", "Time of that day"),
    ),
)

INTERVENTIONS = Fact(
    name="intervention",
    grain="one thing given to or done with one subject, whatever number of arms the subject is in",
    endpoint="intervention",
    row_id=_accession("intervention", "intervention, SM..."),
    references=(SUBJECT, Reference("unit", (S.dose_units,), "Unit of the dose")),
    columns=(
        *pair("name", "Name of what was given", TEXT),
        Column("compound_name", "Compound, as reported", source=S.compound_name_reported),
        Column("compound_role", "Role: intervention, concomitant medication, substance use, other"),
        Column("formulation", "Formulation"),
        Column("dose_reported", "Dose, as reported, never altered"),
        *measured("dose_preferred", "Dose, as ImmPort curated it", "dose_units", source="dose"),
        Column("dose_units", "Unit of the dose"),
        Column("dose_freq_per_interval", "How often in what time"),
        *pair("route_of_admin", "Route", TEXT),
        Column("reported_indication", "What it was given for, as reported"),
        *measured("start_day", "Day of the study on which it began", "days"),
        Column("start_time", "Time of that day"),
        *measured("end_day", "Day of the study on which it ended", "days"),
        Column("end_time", "Time of that day"),
        Column("is_ongoing", "Y when it had not ended"),
        *measured("duration", "How long it was given", "duration_unit"),
        Column("duration_unit", "Unit of the duration"),
        Column("status", "Status"),
    ),
)

IMMUNE_EXPOSURES = Fact(
    name="immune_exposure",
    grain="one exposure of one subject in one arm to what its immune system meets",
    endpoint="immuneExposure",
    row_id=_accession("exposure", "exposure, IM..."),
    references=(
        Reference("arm", (S.arm_accession,), "Arm of the subject"),
        Reference("subject", (S.subject_accession,), "Subject exposed"),
        Reference(
            "participation",
            (S.arm_accession, S.subject_accession),
            "The subject in that arm, with its age",
        ),
        _named("disease", "disease", "Disease it had"),
    ),
    columns=(
        *pair("exposure_process", "How it was exposed", TEXT),
        *pair("exposure_material", "What it was exposed to", TEXT),
        Column("exposure_material_id", "That material in an ontology"),
        *pair("disease", "Disease", TEXT),
        Column("disease_ontology_id", "The disease in an ontology"),
        *pair("disease_stage", "Stage of the disease", TEXT),
    ),
)

CLINICAL_FACTS: tuple[Fact, ...] = (
    LAB_TESTS, ASSESSMENTS, ADVERSE_EVENTS, INTERVENTIONS, IMMUNE_EXPOSURES,
)  # fmt: skip
