"""The view over all assays: their results as one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial

from include.sql import Row, literal, nearly_all
from include.warehouse.model.assays import ASSAY_FACTS
from include.warehouse.model.declaration import NULL_TEXT, RESULT_ID, Derived, Fact, Measure
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
_UNIT_COLUMNS = ("unit_reported", "unit_preferred")
_ONE_DEFINITION = "u.factor * 0 = 0 and u.divisor * 0 = 0"
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


def of_assay(fact: Fact, computed: Collection[str] = ()) -> str:
    """The results of one assay, as the view over all assays has them.

    :param computed: columns that are computed of a value, to be computed once per row, however often they
        are read, and once for equal values where the planner expects many. A query that reads a column twice,
        or for a condition and for its answer, would compute it twice.
    """
    measure = fact.measure or Measure("none", NULL_TEXT)
    derived = {item.name: item for item in fact.derived}
    # What else is computed is as cheap as the row that would hold it.
    is_value = "value_number" in derived
    once = _Once(fact, {name: derived[name] for name in computed if is_value and name in derived})
    reading = partial(_reading, measure)
    value = ", ".join(
        f"{'v' if name in once.derived else 'f'}.{name}" if name in derived else f"null::{kind} as {name}"
        for name, kind in _VALUE_COLUMNS
    )
    keys = ", ".join(f"f.{name}" for name in _RESULT_KEYS)
    stored = {item.name for item in fact.columns}
    treatment = "f.treatment_accession" if "treatment_accession" in stored else "null::text"
    limit = "coalesce(f.is_limit_known, false)" if "is_limit_known" in stored else "true"
    units = ", ".join(once.reading(measure, name) for name in _UNIT_COLUMNS)
    return f"""select {literal(fact.assay)} as assay, {keys},
    {literal(measure.measurand_type)} as measurand_type, {reading("measurand_key")},
    {reading("measurand_reported")}, {reading("measurand_preferred")},
    {reading("value_reported")}, {reading("value_preferred")},
    {value}, {limit} as is_limit_known,
    {reading("value_text")},
    {units},
    {treatment} as treatment_accession
from star.{fact.relation} f
{once.joined(measure)}"""


@dataclass(frozen=True)
class _Once:
    """What is computed once of a row of a fact's view: a row `v` beside the row `f`."""

    fact: Fact
    derived: Mapping[str, Derived]

    def reading(self, measure: Measure, column: str) -> str:
        """A column of a unit: it goes through the row, so that a condition on a unit is one on `v` alone."""
        return f"v.{column}" if self.derived else _reading(measure, column)

    def joined(self, measure: Measure) -> str:
        """SQL that joins the row, and before it the definition of the unit that it is computed with."""
        if not self.derived:
            return ""
        values = {
            name: f"({item.expression.over(h='f').text})::{item.type}" for name, item in self.derived.items()
        } | {name: f"({measure.reading(name).text})::text" for name in _UNIT_COLUMNS}
        if not self.fact.lookup:
            return f"\n{_row('v', values)}\nwhere {_costs('v.unit_reported')}"
        unit = _row("w", {"spelling": self.fact.lookup.value.over(h="f").text})
        # One definition, by conditions that are always true: the planner would multiply all of them with the
        # values it expects, and cache none; with one condition alone, two of them.
        found = f"{replace(self.fact.lookup, value=Row('w').spelling).sql.text} and {_ONE_DEFINITION}"
        return (
            f"\n{unit}\n{found}\n{_row('v', values)}"
            f"\nwhere {_costs('w.spelling')}\n    and {_costs('v.unit_reported')}"
        )


def _row(alias: str, values: Mapping[str, str]) -> str:
    """SQL that joins a computed row: `cross join lateral cast(row(...) as record) v (value_number, ...)`.

    To the planner it is a function: not taken apart, and a parallel worker may run it. A subquery that names
    columns of another row it leaves to one process.
    """
    row = f"cast(row({', '.join(values.values())}) as record)"
    return f"cross join lateral {row} {alias} ({', '.join(values)})"


def _costs(column: str) -> str:
    """SQL: a condition on a computed row, always true, by which the planner knows what the row costs."""
    return nearly_all(f"star.is_computed({column})")


def read_for_values(fact: Fact) -> tuple[str, ...]:
    """Stored columns of an assay's fact that what is computed of its values is computed from."""
    expressions = [item.expression for item in fact.derived if item.name in dict(_VALUE_COLUMNS)]
    if fact.lookup:
        expressions.append(fact.lookup.value)
    return tuple(dict.fromkeys(c.name for one in expressions for c in one.columns if c.alias == "h"))


def over(fact: Fact, query: str) -> str:
    """A query over the view over all assays, made over the fact of one.

    :param query: it has the name of the view once, as the gap that is filled.
    :raises ValueError: it has it not at all, or several times: results of different assays may meet there.
    """
    before, found, after = query.partition(ALL)
    if not found or ALL in after:
        raise ValueError(f"it must read {ALL} once")
    words = set(re.findall(r"\w+", query))
    return f"{before}({of_assay(fact, [name for name, _ in _VALUE_COLUMNS if name in words])}){after}"
