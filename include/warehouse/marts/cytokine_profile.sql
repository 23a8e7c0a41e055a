-- Purpose: Level of each analyte over time by ELISA and bead array, per arm.
-- Grain: one study, arm, study day, assay, analyte and unit.
-- Caveat: controls, standards, sentinels such as -999 and pools are left out; levels of two assays, or of two
--   units, are not comparable. Background-subtracted levels below zero are in the median alone.
-- Censored: the median takes the limit itself (policy bound), the geometric mean half of a lower limit
--   (policy half); how many there are is told.
-- Columns:
--   study_accession text: Study
--   arm_accession text: Arm
--   arm text: Name of the arm
--   study_day numeric: Time of collection; null when its unit has no length (unit: days)
--   t0_event text: Event that is time zero
--   assay text: ELISA or MBAA
--   analyte text: Analyte: in ImmPort's words, else as reported
--   unit text: Unit: in ImmPort's words, else as reported
--   results bigint: Results with a number
--   subjects bigint: Subjects they are of
--   censored bigint: Results that are a limit
--   left_out bigint: Results without a usable number
--   median numeric: Median (unit: unit)
--   geometric_mean numeric: Geometric mean of the levels above zero (unit: unit)
create or replace view mart.cytokine_profile
with (security_invoker = true) as
select
    study_accession,
    arm_accession,
    arm,
    study_day,
    t0_event,
    assay,
    measurand as analyte,
    unit,
    count(value_number) as results,
    count(distinct subject_accession) filter (where value_number is not null) as subjects,
    count(*) filter (where value_quality in ('censored_low', 'censored_high')) as censored,
    count(*) filter (where value_number is null) as left_out,
    round((percentile_cont(0.5) within group (order by value_number::double precision))::numeric, 4)
        as median,
    round(exp(avg(ln(value_half)) filter (where value_half > 0)), 4) as geometric_mean
from mart.sample_result
where assay in ('ELISA', 'MBAA') and is_pool is not true
group by study_accession, arm_accession, arm, study_day, t0_event, assay, measurand, unit;
