"""Views over all values: unknown units, suspected limits, quality by assay, visits, people."""

from __future__ import annotations

from collections.abc import Iterator

from include.sql import literal
from include.warehouse.views.value_functions import WINDOWS

#: A limit is suspected from this share of the rows on, and this number of them.
SPIKE_SHARE, SPIKE_ROWS = "0.2", 5
#: Assays whose values may be counts: none found is a finding, however often.
_COUNTING = "('ELISPOT', 'Flow cytometry')"

_MEASURED = """select r.assay, r.study_key, r.measurand_type,
    coalesce(r.measurand_preferred, r.measurand_reported) as measurand,
    coalesce(r.unit_preferred, r.unit_reported) as unit, r.value_number, r.value_quality = 'ok' as is_plain
from star.fact_assay_result r
where r.value_quality in ('ok', 'censored_low', 'censored_high') and r.value_number is not null
    and r.subject_key <> -1"""
_SPIKE = f"""with measured as (
{_MEASURED}), counted as (
    select m.assay, m.study_key, m.measurand_type, m.measurand, m.unit, m.value_number,
        count(*) filter (where m.is_plain) as limit_rows,
        sum(count(*)) over w as rows, min(m.value_number) over w as lowest
    from measured m group by m.assay, m.study_key, m.measurand_type, m.measurand, m.unit, m.value_number
    window w as (partition by m.assay, m.study_key, m.measurand_type, m.measurand, m.unit))
select c.assay, c.study_key, c.measurand_type, c.measurand, c.unit, c.value_number, c.limit_rows,
    c.rows::bigint as rows, round(c.limit_rows / c.rows, 3) as share
from counted c
where c.value_number = c.lowest and c.limit_rows >= {SPIKE_ROWS} and c.limit_rows >= {SPIKE_SHARE} * c.rows
    and not (c.value_number = 0 and c.assay in {_COUNTING})"""
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

_PROFILE = """with r as (
    select r.assay, r.study_key, r.value_source, r.value_quality, r.unit_standard, r.value_number,
        coalesce(r.measurand_preferred, r.measurand_reported) as measurand,
        coalesce(r.unit_preferred, r.unit_reported) as unit, r.subject_key, r.measurand_type
    from star.fact_assay_result r)
select r.assay, r.study_key,
    case when r.value_quality = 'ok' and l.assay is not null then 'suspected_limit'
        else r.value_quality end as value_quality,
    r.value_source, r.unit_standard, count(*) as rows
from r left join star.suspected_limit l on l.assay = r.assay and l.study_key = r.study_key
    and l.value_number = r.value_number and l.measurand_type = r.measurand_type
    and l.measurand is not distinct from r.measurand and l.unit is not distinct from r.unit
    and r.subject_key <> -1
group by 1, 2, 3, 4, 5"""
_PROFILE_COLUMNS = (
    ("assay", "Assay", "text"),
    ("study_key", "Study", "bigint"),
    ("value_quality", "Quality of the values; suspected_limit for those in star.suspected_limit",
     "text"),
    ("value_source", "Where their numbers come from", "text"),
    ("unit_standard", "Unit of their standard values; null for a unit that is not known", "text"),
    ("rows", "Results", "bigint"),
)  # fmt: skip

#: Facts with a unit that is looked up, and the columns of their reported and preferred units.
_UNITS = {
    "fact_elisa": ("unit", "value"),
    "fact_mbaa": ("concentration_unit", "concentration_value"),
    "fact_hai": ("unit", "value"),
    "fact_neut_ab_titer": ("unit", "value"),
    "fact_pcr": ("unit", "value"),
    "fact_fcs_analyzed": ("population_stat_unit", "population_statistic"),
    "fact_lab_test": ("result_unit", "result_value"),
    "fact_assessment": ("result_unit", "result_value"),
}


def _unmapped() -> str:
    """Units of measurements alone: the unit of a finding in words is part of the words."""
    parts = [
        f"select {literal(fact)} as relation,"
        f" star.unit_of(f.{value}_preferred, f.{unit}_reported, f.{unit}_preferred) as unit"
        f"\nfrom star.{fact} f where f.unit_standard is null"
        " and f.value_quality in ('ok', 'censored_low', 'censored_high')"
        for fact, (unit, value) in _UNITS.items()
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

_VISIT = """with sampled as (
    select r.study_key, r.biosample_key, r.planned_visit_key, r.study_time_key, count(*) as results
    from star.fact_assay_result r
    where r.planned_visit_key > 0 and r.study_time_key > 0
    group by r.study_key, r.biosample_key, r.planned_visit_key, r.study_time_key)
select s.study_key, s.biosample_key, s.planned_visit_key, s.study_time_key, t.study_day,
    v.min_start_day, v.max_start_day,
    case when t.study_day < v.min_start_day then t.study_day - v.min_start_day
        else t.study_day - v.max_start_day end as days_off, s.results
from sampled s
join star.dim_study_time t on t.study_time_key = s.study_time_key
join star.dim_planned_visit v on v.planned_visit_key = s.planned_visit_key
where t.study_day < v.min_start_day or t.study_day > v.max_start_day"""
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

_PEOPLE = """select c.species, s.study_accession,
    count(distinct p.subject_key) filter (where not u.is_pool) as individuals,
    count(distinct p.subject_key) filter (where u.is_pool) as pools,
    count(distinct p.subject_key) filter (where u.is_pool is null) as undescribed,
    count(*) as participations
from star.dim_participation p
join star.dim_subject u on u.subject_key = p.subject_key
join star.dim_species c on c.species_key = u.species_key
join star.dim_study s on s.study_key = p.study_key
where p.participation_key > 0
group by grouping sets ((c.species, s.study_accession), (c.species))"""
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
     _SPIKE, _SPIKE_COLUMNS),
    ("value_quality_profile", "One quality, source and standard unit of the values of a study and assay",
     _PROFILE, _PROFILE_COLUMNS),
    ("visit_window_difference", "One sample that was taken outside of the days of its planned visit",
     _VISIT, _VISIT_COLUMNS),
    ("person_count", "One species in one study, or in all of them, with each subject counted once",
     _PEOPLE, _PEOPLE_COLUMNS),
)  # fmt: skip

#: View and column -> its type, for the dictionary.
TYPES = {(name, column): kind for name, _, _, columns in _VIEWS for column, _, kind in columns}


def definitions() -> Iterator[tuple[str, str, str, list[tuple[str, str, str]]]]:
    """Name, comment, query and columns of the views, in the order to make them."""
    for name, comment, query, columns in _VIEWS:
        yield name, comment, query, [(column, meaning, "") for column, meaning, _ in columns]
