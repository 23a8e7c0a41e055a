-- Purpose: Distribution of each clinical lab test, per visit.
-- Grain: one study, species, planned visit, kind of sample, lab test and unit.
-- Caveat: a lab test belongs to a subject and not to an arm; normal ranges are not known here. Units are not
--   converted.
-- Censored: by the default policy, which the column policy names; the column censored counts them.
-- Apart:
--   sample type: biosample_type, biosample_subtype
--   technique: (ImmPort names none of a lab test)
--   unit: unit
--   stimulation: (a lab test is of the sample as it was taken)
--   time zero: visit, visit_order
--   statistic: unit
--   species: species
-- Leaves out: nothing; of tests without a number the number.
-- Columns:
--   study_accession text: Study
--   visit text: Name of the planned visit; null where none is named
--   visit_order bigint: Position of the visit
--   species text: Species
--   biosample_type text: Type of the sample
--   biosample_subtype text: Type of the sample in the submitter's words
--   panel text: Panel of the test
--   lab_test text: Lab test: in ImmPort's words, else as reported
--   unit text: Unit: in ImmPort's words, else as reported
--   tests bigint: Tests with a number
--   subjects bigint: Subjects they are of
--   censored bigint: Tests that are a limit
--   left_out bigint: Tests without a number
--   policy text: Policy for values below or above a limit
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
        e.species,
        b.type as biosample_type,
        b.subtype as biosample_subtype,
        coalesce(f.lab_test_panel_name_preferred, f.lab_test_panel_name_reported) as panel,
        coalesce(f.lab_test_name_preferred, f.lab_test_name_reported) as lab_test,
        coalesce(f.result_unit_preferred, f.result_unit_reported) as unit,
        f.subject_key,
        -- In the unit that clinics use: hemoglobin is never given in picograms.
        case
            when f.value_quality in ('ok', 'censored_low', 'censored_high')
                then star.censored(f.value_number, f.value_operator, star.default_policy())
        end as value_number,
        f.value_operator
    from star.fact_lab_test as f
    inner join star.dim_study as s on f.study_key = s.study_key
    inner join star.dim_planned_visit as v on f.planned_visit_key = v.planned_visit_key
    inner join star.dim_subject as u on f.subject_key = u.subject_key
    inner join star.dim_species as e on u.species_key = e.species_key
    inner join star.dim_biosample as b on f.biosample_key = b.biosample_key
)

select
    study_accession,
    visit,
    visit_order,
    species,
    biosample_type,
    biosample_subtype,
    panel,
    lab_test,
    unit,
    count(value_number) as tests,
    count(distinct subject_key) filter (where value_number is not null) as subjects,
    count(*) filter (where value_number is not null and value_operator is not null) as censored,
    count(*) filter (where value_number is null) as left_out,
    star.default_policy() as policy,
    min(value_number) as lowest,
    round((percentile_cont(0.25) within group (order by value_number::double precision))::numeric, 4)
        as quartile_1,
    round((percentile_cont(0.5) within group (order by value_number::double precision))::numeric, 4)
        as median,
    round((percentile_cont(0.75) within group (order by value_number::double precision))::numeric, 4)
        as quartile_3,
    max(value_number) as highest
from test
group by
    study_accession, visit, visit_order, species, biosample_type, biosample_subtype, panel, lab_test, unit;
