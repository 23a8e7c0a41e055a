"""The view over all assays: their results as one."""

from __future__ import annotations

from functools import partial

from include.sql import literal
from include.warehouse.model.assays import ASSAY_FACTS
from include.warehouse.model.declaration import NULL_TEXT, RESULT_ID, Fact, Measure
from include.warehouse.model.measured_values import QUALITIES
from include.warehouse.views.term_views import ViewColumn

#: The view over all assays.
ALL = "star.fact_assay_result"
_RESULT_KEYS = (
    "study_key", "result_id", "arm_key", "subject_key", "participation_key", "biosample_key",
    "expsample_key", "experiment_key", "planned_visit_key", "study_time_key", "technique_key",
)  # fmt: skip
#: What is computed of every measured value, with the type.
_VALUE_COLUMNS = (
    ("value_number", "numeric"), ("value_operator", "text"), ("value_standard", "numeric"),
    ("unit_standard", "text"), ("value_source", "text"), ("value_quality", "text"), ("log2_titer", "numeric"),
)  # fmt: skip
_MEANINGS = {
    "assay": "Assay",
    "study_key": "Study",
    RESULT_ID.name: RESULT_ID.meaning,
    **{name: f"Key of dim_{name.removesuffix('_key')}" for name in _RESULT_KEYS[2:]},
    "measurand_type": "What kind of thing was measured",
    "measurand_key": "Key of that thing in its dimension, where it has one",
    "measurand_reported": "What was measured, as reported",
    "measurand_preferred": "What was measured, in ImmPort's words",
    "value_reported": "Value as reported, never altered",
    "value_preferred": "Value as ImmPort curated it",
    "value_number": "The value as a number: preferred, else the number in the reported text",
    "value_operator": "Comparison that the reported text, else the comments state",
    "value_standard": "The value in unit_standard, of a censored one its limit",
    "unit_standard": "The one unit of the dimension that the value's unit belongs to",
    "value_source": "Where value_number comes from: preferred, reported, qualitative or none",
    "value_quality": f"What the value is: {QUALITIES}",
    "log2_titer": "Logarithm to base 2 of a titre",
    "is_limit_known": "Every field that may state a limit of the value was provided; false of an ELISA"
    " result that the API alone provided",
    "value_text": "The result of a typing assay: its alleles",
    "unit_reported": "Unit as reported",
    "unit_preferred": "Unit in ImmPort's words",
    "treatment_accession": "Treatments of the sample, as ImmPort lists them",
}


def _reading(measure: Measure, column: str) -> str:
    return f"{measure.reading(column).text} as {column}"


def assay_results() -> tuple[str, list[ViewColumn]]:
    """The view over all assays, and its columns."""
    selects = [of_assay(fact) for fact in ASSAY_FACTS]
    return "\nunion all\n".join(selects), [(name, meaning, "") for name, meaning in _MEANINGS.items()]


def of_assay(fact: Fact, *, once: bool = False) -> str:
    """The results of one assay, as the view over all assays has them.

    :param once: what is computed of a value is computed once per row, however often it is read, and once for
        equal values where the planner expects many. A query that reads a column twice, or for a condition and
        for its answer, would compute it twice.
    """
    measure = fact.measure or Measure("none", NULL_TEXT)
    reading = partial(_reading, measure)
    derived = {item.name for item in fact.derived}
    row = "v" if once else "f"
    value = ", ".join(
        f"{f'{row}.{name}' if name in derived else f'null::{kind}'} as {name}"
        for name, kind in _VALUE_COLUMNS
    )
    keys = ", ".join(f"f.{name}" for name in _RESULT_KEYS)
    stored = {item.name for item in fact.columns}
    treatment = "f.treatment_accession" if "treatment_accession" in stored else "null::text"
    limit = "coalesce(f.is_limit_known, false)" if "is_limit_known" in stored else "true"
    return f"""select {literal(fact.assay)} as assay, {keys},
    {literal(measure.measurand_type)} as measurand_type, {reading("measurand_key")},
    {reading("measurand_reported")}, {reading("measurand_preferred")},
    {reading("value_reported")}, {reading("value_preferred")},
    {value}, {limit} as is_limit_known,
    {reading("value_text")},
    {reading("unit_reported")}, {reading("unit_preferred")},
    {treatment} as treatment_accession
from star.{fact.relation} f{_computed(fact) if once else ""}"""


def read_for_values(fact: Fact) -> tuple[str, ...]:
    """Stored columns of an assay's fact that what is computed of its values is computed from."""
    expressions = [item.expression for item in fact.derived if item.name in dict(_VALUE_COLUMNS)]
    if fact.lookup:
        expressions.append(fact.lookup.value)
    return tuple(dict.fromkeys(c.name for one in expressions for c in one.columns if c.alias == "h"))


def _computed(fact: Fact) -> str:
    """SQL that joins the computed values `v` of a row of the fact's view: offset 0 keeps them together."""
    values = ", ".join(
        f"({item.expression.over(h='f').text})::{item.type} as {item.name}"
        for item in fact.derived
        if item.name in dict(_VALUE_COLUMNS)
    )
    lookup = f" {fact.lookup.sql.over(h='f').text}" if fact.lookup else ""
    return f"\ncross join lateral (select {values} from (select) one{lookup} offset 0) v" if values else ""


def each_assay(query: str) -> str:
    """A query over the view over all assays, made over the fact of each assay and united.

    The rows are the same where each comes from results of one assay. The planner knows how many different
    values a column of a table has, and nothing of a column of a union: what is joined is joined below it.
    """
    return "\nunion all\n".join(f"({over(fact, query)})" for fact in ASSAY_FACTS)


def over(fact: Fact, query: str) -> str:
    """A query over the view over all assays, made over the fact of one.

    :param query: it has the name of the view once, as the gap that is filled.
    :raises ValueError: it has it not at all, or several times: results of different assays may meet there.
    """
    before, found, after = query.partition(ALL)
    if not found or ALL in after:
        raise ValueError(f"it must read {ALL} once")
    return f"{before}({of_assay(fact, once=True)}){after}"
