"""What tables have in common: the context of results, reported and preferred values, keys of bridges."""

from __future__ import annotations

from include.sql import Expression, call, sql
from include.warehouse.model.declaration import Column, F, S, Type
from include.warehouse.model.relations import ABSENT, Reference

INTEGER, NUMERIC = Type.INTEGER, Type.NUMERIC

COMMON = (
    Column("comments", "Comments of the submitter or of ImmPort"),
    Column("repository_accession", "Accession of the raw data in a public repository"),
    Column("repository_name", "That repository"),
)
TREATMENT = Column("treatment_accession", "Treatments of the sample, as ImmPort lists them")


def study_time(
    t0_event: Expression = S.study_time_t0_event, specify: Expression = S.study_time_t0_event_specify
) -> Reference:
    """When the sample was taken."""
    # 1.00 and 1 are one time: the number is trimmed before it becomes part of a key.
    collected = sql("trim_scale(nullif(btrim(", S.study_time_collected, "), '')::numeric)::text")
    return Reference(
        "study_time",
        (collected, S.study_time_collected_unit, t0_event, specify),
        "Time of collection relative to time zero",
    )


def people(absent: Expression = ABSENT) -> tuple[Reference, ...]:
    return (
        Reference("arm", (S.arm_accession,), "Arm of the subject", absent=absent),
        Reference("subject", (S.subject_accession,), "Subject measured", absent=absent),
        Reference(
            "participation",
            (S.arm_accession, S.subject_accession),
            "The subject in that arm, with its age",
            absent=absent,
        ),
        Reference("biosample", (S.biosample_accession,), "Sample measured", absent=absent),
    )


def expsample(expression: Expression = S.expsample_accession) -> Reference:
    """The experiment sample, whose accession `expression` gives."""
    return Reference("expsample", (expression,), "Experiment sample measured")


#: ImmPort spells the type of a source that may be other than a sample (bead arrays, files) in several ways.
SOURCE_TYPE = sql("upper(replace(btrim(", S.source_type, "), '_', ' ') collate \"C\")")
IS_SAMPLE = sql(SOURCE_TYPE, " in ('EXPSAMPLE', 'EXPERIMENTAL SAMPLE')")
EXPERIMENT = Reference("experiment", (S.experiment_accession,), "Experiment of the result")
VISIT = Reference("planned_visit", (S.planned_visit_accession,), "Visit of the sample")
TECHNIQUE = Reference("technique", (S.measurement_technique,), "Measurement technique")
CONTEXT = (*people(), expsample(), EXPERIMENT, VISIT, study_time(), TECHNIQUE)


def unit(preferred: Expression = S.unit_preferred, reported: Expression = S.unit_reported) -> Reference:
    """The unit of the value."""
    return Reference("unit", (call("coalesce", preferred, reported),), "Unit: preferred, else as reported")


ANALYTE = Reference(
    "analyte", (S.analyte_accession, S.analyte_preferred, S.analyte_reported), "Analyte measured"
)
ANALYTE_NAMES = (
    Column("analyte_reported", "Analyte as reported"),
    Column("analyte_preferred", "Analyte in ImmPort's words"),
)
STRAIN = Reference("virus_strain", (S.virus_strain_preferred, S.virus_strain_reported), "Strain tested")
STRAIN_NAMES = (
    Column("virus_strain_reported", "Strain as reported"),
    Column("virus_strain_preferred", "Strain in ImmPort's words"),
)


def pair(name: str, meaning: str, kind: Type = NUMERIC, source: str | None = None) -> tuple[Column, Column]:
    """A reported text and its preferred value, side by side."""
    source = source or name
    return (
        Column(f"{name}_reported", f"{meaning}, as reported, never altered", source=S[f"{source}_reported"]),
        Column(f"{name}_preferred", f"{meaning}, as ImmPort curated it", kind,
               None if source == name else S[f"{source}_preferred"], is_measure=kind is NUMERIC),
    )  # fmt: skip


def measured(
    name: str, meaning: str, unit: str | None = None, *, source: str | None = None
) -> tuple[Column, Column]:
    """A number that ImmPort sends as unchecked text, and the text where it is not a number."""
    staged = S[source or name]
    as_number = call("star.to_number", staged)
    return (
        Column(name, meaning, NUMERIC, call("trim_scale", as_number), unit),
        Column(f"{name}_text", f"{meaning}, as sent, where it is not a number",
               source=sql("case when ", as_number, " is null then nullif(btrim(", staged, "), '') end")),
    )  # fmt: skip


VALUE = pair("value", "Value")
UNITS = pair("unit", "Unit", Type.TEXT)
VALUE_MEASURE = {
    "value_reported": F.value_reported,
    "value_preferred": F.value_preferred,
    "unit_reported": F.unit_reported,
    "unit_preferred": F.unit_preferred,
}


def number(name: str) -> Expression:
    """A number that is part of a key: without the blanks that a source may send around it."""
    return sql("nullif(btrim(", S[name], "), '')")


def bridge_key(first: str, second: str) -> Column:
    """The identity of a bridge's row: both accessions."""
    meaning = f"Accessions of the {first.replace('_', ' ')} and the {second.replace('_', ' ')}, with a stroke"
    source = sql(S[f"{first}_accession"], " || '/' || ", S[f"{second}_accession"])
    return Column(f"{first}_{second}", f"{meaning} between", source=source)


def file_bridge_key(first: str) -> Column:
    """The identity of a bridge's row that names a file."""
    meaning = f"Accession of the {first.replace('_', ' ')} and ImmPort's number of the file, with a stroke"
    source = sql(S[f"{first}_accession"], " || '/' || ", number("file_info_id"))
    return Column(f"{first}_file", f"{meaning} between", source=source)


#: Columns of such a row that describe the file.
FILE_COLUMNS = (
    Column("file_info_id", "ImmPort's number of the file; fact_result_file has those of results", INTEGER),
    Column("result_schema", "Kind of result the file holds"),
)
