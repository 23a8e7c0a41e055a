-- Purpose: Distribution of each clinical lab test, per visit.
-- Grain: one study, planned visit, lab test and unit.
-- Caveat: a lab test belongs to a subject and not to an arm; normal ranges are not known here. Units are not
--   converted.
-- Censored: the quartiles take the limit itself (policy bound); how many there are is told.
-- Columns:
--   study_accession text: Study
--   visit text: Name of the planned visit; null where none is named
--   visit_order bigint: Position of the visit
--   panel text: Panel of the test
--   lab_test text: Lab test: in ImmPort's words, else as reported
--   unit text: Unit: in ImmPort's words, else as reported
--   tests bigint: Tests with a number
--   subjects bigint: Subjects they are of
--   censored bigint: Tests that are a limit
--   left_out bigint: Tests without a number
--   lowest numeric: Lowest value (unit: unit)
--   quartile_1 numeric: First quartile (unit: unit)
--   median numeric: Median (unit: unit)
--   quartile_3 numeric: Third quartile (unit: unit)
--   highest numeric: Highest value (unit: unit)
create or replace view mart.lab_test_profile
with (security_invoker = true) as
with test as (
    select
        s.study_accession,
        v.name as visit,
        v.order_number as visit_order,
        coalesce(f.lab_test_panel_name_preferred, f.lab_test_panel_name_reported) as panel,
        coalesce(f.lab_test_name_preferred, f.lab_test_name_reported) as lab_test,
        coalesce(f.result_unit_preferred, f.result_unit_reported) as unit,
        f.subject_key,
        -- In the unit of the clinic: nobody reads hemoglobin in picograms.
        case when f.value_quality in ('ok', 'censored_low', 'censored_high') then f.value_number end
            as value_number,
        f.value_operator
    from star.fact_lab_test as f
    inner join star.dim_study as s on f.study_key = s.study_key
    inner join star.dim_planned_visit as v on f.planned_visit_key = v.planned_visit_key
)

select
    study_accession,
    visit,
    visit_order,
    panel,
    lab_test,
    unit,
    count(value_number) as tests,
    count(distinct subject_key) filter (where value_number is not null) as subjects,
    count(*) filter (where value_number is not null and value_operator is not null) as censored,
    count(*) filter (where value_number is null) as left_out,
    min(value_number) as lowest,
    round((percentile_cont(0.25) within group (order by value_number::double precision))::numeric, 4)
        as quartile_1,
    round((percentile_cont(0.5) within group (order by value_number::double precision))::numeric, 4)
        as median,
    round((percentile_cont(0.75) within group (order by value_number::double precision))::numeric, 4)
        as quartile_3,
    max(value_number) as highest
from test
group by study_accession, visit, visit_order, panel, lab_test, unit;
