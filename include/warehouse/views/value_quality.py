"""Views over all values: unknown units, suspected limits, quality by assay, visits, people."""

from __future__ import annotations

from collections.abc import Iterator

from include.sql import literal, sql_file
from include.warehouse.model.assays import ASSAY_FACTS
from include.warehouse.views.assay_results import ALL, over
from include.warehouse.views.each_assay import EachAssay
from include.warehouse.views.value_functions import WINDOWS

_SQL = "include.warehouse.views.sql"
_SPIKE_COLUMNS = (
    ("assay", "Assay", "text"),
    ("study_key", "Study", "bigint"),
    ("measurand_type", "What kind of thing was measured", "text"),
    ("measurand", "What was measured, preferred, else as reported", "text"),
    ("unit", "Unit, preferred, else as reported", "text"),
    ("value_number", "The lowest value, which so many rows have", "numeric"),
    ("limit_rows", "Rows with that value, without a comparison", "bigint"),
    ("rows", "Rows of the study, assay, measurand and unit that are measurements", "bigint"),
    ("share", "Share of those rows that has the value", "numeric"),
)

_PROFILE_COLUMNS = (
    ("assay", "Assay", "text"),
    ("study_key", "Study", "bigint"),
    ("value_quality", "Quality of the values; suspected_limit for those in star.suspected_limit",
     "text"),
    ("value_source", "Where their numbers come from", "text"),
    ("unit_standard", "Unit of their standard values; null for a unit that is not known", "text"),
    ("rows", "Results", "bigint"),
)  # fmt: skip

#: Facts of other records than assay results with a unit that is looked up.
_UNITS = {"fact_lab_test": "result", "fact_assessment": "result"}


def _unmapped() -> str:
    """Units of measurements alone: the unit of a finding in words is part of the words."""
    select = """select {} as relation, star.unit_of(f.{}_preferred, f.{}_reported, f.{}_preferred) as unit
from {} f where f.unit_standard is null and f.value_quality in ('ok', 'censored_low', 'censored_high')"""
    parts = [
        over(fact, select.format(literal(fact.relation), "value", "unit", "unit", ALL))
        for fact in ASSAY_FACTS
        if fact.lookup
    ]
    parts += [
        select.format(literal(fact), f"{name}_value", f"{name}_unit", f"{name}_unit", f"star.{fact}")
        for fact, name in _UNITS.items()
    ]
    union = "\nunion all ".join(parts)
    return (
        "select x.unit, string_agg(distinct x.relation, ', ' order by x.relation) as facts,"
        f" count(*) as rows\nfrom ({union}) x\ngroup by x.unit"
    )


_UNMAPPED_COLUMNS = (
    ("unit", "Unit as it stands there; null for values without one", "text"),
    ("facts", "Facts that have it", "text"),
    ("rows", "Their rows that are measurements", "bigint"),
)


def _of_results(name: str) -> str:
    return EachAssay.of(sql_file(_SQL, name)).over(ASSAY_FACTS)


def _windows() -> str:
    rows = ", ".join(
        f"({n}, {literal(item.label)}, {_number(item.after)}, {_number(item.until)})"
        for n, item in enumerate(WINDOWS, start=1)
    )
    return (
        "select w.window_number, w.window_label, w.after_day, w.until_day\n"
        f"from (values {rows}) w (window_number, window_label, after_day, until_day)"
    )


def _number(day: int | None) -> str:
    return "null::numeric" if day is None else f"{day}::numeric"


_WINDOW_COLUMNS = (
    ("window_number", "Position of the window in time", "integer"),
    ("window_label", "The window, as dim_study_time names it", "text"),
    ("after_day", "Study day that it begins after; null for the first", "numeric"),
    ("until_day", "Study day that it ends with, included; null for the last", "numeric"),
)

_SUMMARY_COLUMNS = (
    ("study_accession", "Study", "text"),
    ("assay", "Assay", "text"),
    ("unit_reported", "Unit as reported", "text"),
    ("results", "Results, those of controls and standards too", "bigint"),
    ("numbers", "Those of them with a number", "bigint"),
    ("mean", "Mean of the numbers, of a censored one by the default policy (unit: unit_reported)", "numeric"),
    ("geometric_mean", "Geometric mean of those above zero (unit: unit_reported)", "numeric"),
)

_VISIT_COLUMNS = (
    ("study_key", "Study", "bigint"),
    ("biosample_key", "Sample", "bigint"),
    ("planned_visit_key", "Visit at which it was planned to be taken", "bigint"),
    ("study_time_key", "Time at which it was taken", "bigint"),
    ("study_day", "That time in days, from the time zero of dim_study_time (unit: days)", "numeric"),
    ("min_start_day", "Earliest day of the visit (unit: days)", "numeric"),
    ("max_start_day", "Latest day of the visit (unit: days)", "numeric"),
    ("days_off", "Days outside of the visit: below 0 before it, above 0 after it (unit: days)", "numeric"),
    ("results", "Assay results of the sample at that time", "bigint"),
)

_PEOPLE_COLUMNS = (
    ("species", "Species; null where it is not known", "text"),
    ("study_accession", "Study; null for all studies together", "text"),
    ("individuals", "Subjects that are one individual, each counted once", "bigint"),
    ("pools", "Subjects that stand for pooled individuals, each counted once", "bigint"),
    ("undescribed", "Subjects of which nothing but the accession is known", "bigint"),
    ("participations", "Subjects in arms: a subject counts in each of its arms", "bigint"),
)

#: Name, comment, query and columns with their types, in an order in which each reads earlier ones alone.
_VIEWS = (
    ("study_window_definition", "One window of study days", _windows(), _WINDOW_COLUMNS),
    ("unmapped_unit", "One unit that include/warehouse/model/units.py does not know, with its rows",
     _unmapped(), _UNMAPPED_COLUMNS),
    ("suspected_limit", "One value that probably stands for all below a limit of detection: the lowest of a"
     " study, assay, measurand and unit, in an implausible share of the rows and without a comparison",
     _of_results("suspected_limit"), _SPIKE_COLUMNS),
    ("value_quality_profile", "One quality, source and standard unit of the values of a study and assay",
     _of_results("value_quality_profile"), _PROFILE_COLUMNS),
    ("visit_window_difference", "One sample that was taken outside of the days of its planned visit",
     _of_results("visit_window_difference"), _VISIT_COLUMNS),
    ("value_summary", "One reported unit of the values of a study and assay",
     _of_results("value_summary"), _SUMMARY_COLUMNS),
    ("person_count", "One species in one study, or in all of them, with each subject counted once",
     sql_file(_SQL, "person_count"), _PEOPLE_COLUMNS),
)  # fmt: skip

#: View and column -> its type, for the dictionary.
TYPES = {(name, column): kind for name, _, _, columns in _VIEWS for column, _, kind in columns}


def definitions() -> Iterator[tuple[str, str, str, list[tuple[str, str, str]]]]:
    """Name, comment, query and columns of the views, in the order to make them."""
    for name, comment, query, columns in _VIEWS:
        yield name, comment, query, [(column, meaning, "") for column, meaning, _ in columns]
