-- Purpose: What each study measured: results, subjects, samples and days of every assay.
-- Grain: one study and one assay of which it has results.
-- Caveat: results of controls and standards are counted apart; an assay that left files alone has no row.
-- Censored: counted, with no value taken.
-- Columns:
--   study_accession text: Study
--   assay text: Assay
--   results bigint: Results of subjects' samples
--   control_results bigint: Results of controls and standards
--   subjects bigint: Individuals
--   pools bigint: Subjects that stand for pooled individuals
--   biosamples bigint: Samples
--   expsamples bigint: Experiment samples
--   measurands bigint: Things measured, by their name
--   study_days bigint: Different study days
--   first_day numeric: First study day (unit: days)
--   last_day numeric: Last study day (unit: days)
create or replace view mart.study_assay_availability
with (security_invoker = true) as
select
    s.study_accession,
    r.assay,
    count(*) filter (where r.subject_key >= 0) as results,
    count(*) filter (where r.subject_key < 0) as control_results,
    count(distinct r.subject_key) filter (where r.subject_key > 0 and u.is_pool is not true) as subjects,
    count(distinct r.subject_key) filter (where u.is_pool) as pools,
    count(distinct r.biosample_key) filter (where r.biosample_key > 0) as biosamples,
    count(distinct r.expsample_key) filter (where r.expsample_key > 0) as expsamples,
    count(distinct coalesce(r.measurand_preferred, r.measurand_reported)) as measurands,
    count(distinct t.study_day) as study_days,
    min(t.study_day) as first_day,
    max(t.study_day) as last_day
from star.fact_assay_result as r
inner join star.dim_study as s on r.study_key = s.study_key
inner join star.dim_subject as u on r.subject_key = u.subject_key
inner join star.dim_study_time as t on r.study_time_key = t.study_time_key
group by s.study_accession, r.assay;
