-- Purpose: What each study measured: results, subjects, samples and days of every assay.
-- Grain: one study and one assay of which it has results.
-- Caveat: results of controls and standards are counted apart; an assay that left files alone has no row.
-- Censored: counted, with no value taken.
-- Apart:
--   sample type: (results are counted)
--   technique: (results are counted)
--   unit: (results are counted)
--   stimulation: (results are counted)
--   time zero: t0_events
--   statistic: (results are counted)
--   species: (results are counted)
-- Leaves out: studies without a result.
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
--   t0_events bigint: Events that are time zero
--   study_days bigint: Different study days, of each time zero
--   first_day numeric: First study day; null where there are several times zero (unit: days)
--   last_day numeric: Last study day; null where there are several times zero (unit: days)
create or replace view mart.study_assay_availability
with (security_invoker = true) as
-- of each assay
with study_time as (
    select
        study_time_key,
        study_day,
        case
            when study_day is not null then concat_ws(' / ', study_time_t0_event, study_time_t0_event_specify)
        end as t0
    from star.dim_study_time
)

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
    count(distinct t.t0) as t0_events,
    count(distinct row(t.t0, t.study_day)) filter (where t.study_day is not null) as study_days,
    case when count(distinct t.t0) = 1 then min(t.study_day) end as first_day,
    case when count(distinct t.t0) = 1 then max(t.study_day) end as last_day
from star.fact_assay_result as r
inner join star.dim_study as s on r.study_key = s.study_key
inner join star.dim_subject as u on r.subject_key = u.subject_key
inner join study_time as t on r.study_time_key = t.study_time_key
group by s.study_accession, r.assay;
