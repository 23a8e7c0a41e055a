"""Wide views for spreadsheets: one per assay, every name beside its result, no key to join on."""

from __future__ import annotations

from collections.abc import Iterator

from include.warehouse.model.assays import ASSAY_FACTS
from include.warehouse.views.each_assay import EachAssay

#: Column of `mart.sample_result` -> its type and meaning. All but the keys, which mean nothing elsewhere.
_COLUMNS = {
    "study_accession": ("text", "Study"),
    "subject_accession": ("text", "Subject; is_pool marks pools"),
    "is_pool": ("boolean", "The subject stands for pooled individuals"),
    "arm_accession": ("text", "Arm"),
    "arm": ("text", "Name of the arm"),
    "age_years": ("numeric", "Age in this study, or its lower bound (unit: years)"),
    "sex": ("text", "Sex as ImmPort names it"),
    "race": ("text", "Race"),
    "species": ("text", "Species"),
    "visit": ("text", "Name of the planned visit"),
    "study_day": ("numeric", "Time of collection; null when its unit has no length (unit: days)"),
    "window_label": ("text", "Window that the study day falls into"),
    "t0_event": ("text", "Event that is time zero"),
    "t0_event_specify": ("text", "That event in the submitter's words"),
    "study_time": ("text", "Time of collection where study_day is null: 3 d.p.c."),
    "biosample_accession": ("text", "Sample"),
    "biosample_type": ("text", "Type of the sample"),
    "biosample_subtype": ("text", "Type of the sample in the submitter's words"),
    "measurement_technique": ("text", "Technique of the measurement"),
    "treatment": ("text", "Treatments of the sample, by ImmPort's accessions: stimulation among them"),
    "expsample_accession": ("text", "Experiment sample"),
    "expsample_description": (
        "text",
        "Description, of ELISPOT with the stimulation; known from packages only",
    ),
    "result_id": ("bigint", "ImmPort's number of the result, unique within its assay"),
    "measurand": ("text", "What was measured: in ImmPort's words, else as reported"),
    "value_reported": ("text", "Value as reported, never altered"),
    "value_number": ("numeric", "The value as a number; null when it is none, or a sentinel such as -999"),
    "value_operator": ("text", "Comparison the reported text states: the number is then a limit"),
    "value_quality": ("text", "What kind of value it is: ok, censored_low, missing..."),
    "value_text": ("text", "The result of a typing assay: its alleles"),
    "unit": ("text", "Standard unit; where that is not known, in ImmPort's words, else as reported"),
}


def wide_views(results: EachAssay) -> Iterator[tuple[str, str]]:
    """Name and text of the wide view of every assay.

    :param results: query of `mart.sample_result`, of which each view has its columns, over its own fact.
    """
    read = results.read_for(" ".join(_COLUMNS), "")
    for fact in ASSAY_FACTS:
        name = f"wide_{fact.name}"
        # Of bead arrays the fact goes on: controls and standards included. Here they are not.
        grain = fact.grain.partition(",")[0]
        columns = "\n".join(f"--   {column} {kind}: {text}" for column, (kind, text) in _COLUMNS.items())
        selected = ",\n    ".join(_COLUMNS)
        yield (
            name,
            f"""-- Purpose: Results of {fact.assay} for spreadsheets: every name beside its result.
-- Grain: {grain}, of a subject's sample.
-- Caveat: replicates are rows of their own.
-- Censored: shown as the limit with its comparison in value_operator; nothing is substituted.
-- Apart: nothing is summarised, each row is one result.
-- Leaves out: results of controls and standards.
-- Columns:
{columns}
create or replace view mart.{name}
with (security_invoker = true) as
select
    {selected}
from ({read.over([fact])}) as r
""",
        )
