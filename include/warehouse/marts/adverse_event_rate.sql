-- Purpose: Adverse events per hundred subjects of an arm, by severity.
-- Grain: one arm of a study that reports adverse events, with one severity that the study reports.
-- Caveat: adverse events belong to subjects: of a subject in two arms they count in both. Time at risk is not
--   known, so this is not an incidence. An arm without events has zeros; a study without has no rows.
-- Censored: there are none.
-- Apart: nothing is summarised but counts.
-- Leaves out: pools, and studies that report no adverse event.
-- Columns:
--   study_accession text: Study
--   arm_accession text: Arm
--   arm text: Name of the arm
--   severity text: Severity: in ImmPort's words, else as reported
--   arm_subjects bigint: Individuals in the arm
--   events bigint: Adverse events of this severity
--   subjects_with_event bigint: Individuals with at least one
--   events_per_100 numeric: Events per hundred individuals
--   subjects_per_100 numeric: Individuals with at least one, per hundred
create or replace view mart.adverse_event_rate
with (security_invoker = true) as
with member as (
    select distinct
        p.study_key,
        p.arm_key,
        p.subject_key
    from star.dim_participation as p
    inner join star.dim_subject as u on p.subject_key = u.subject_key
    where p.participation_key > 0 and u.is_pool is not true
),

arm as (
    select
        study_key,
        arm_key,
        count(*) as arm_subjects
    from member
    group by study_key, arm_key
),

reported as (
    select
        study_key,
        subject_key,
        coalesce(severity_preferred, severity_reported, 'not reported') as severity
    from star.fact_adverse_event
),

severity as (
    select distinct
        study_key,
        severity
    from reported
),

counted as (
    select
        m.study_key,
        m.arm_key,
        e.severity,
        count(*) as events,
        count(distinct m.subject_key) as subjects_with_event
    from reported as e
    inner join member as m on e.study_key = m.study_key and e.subject_key = m.subject_key
    group by m.study_key, m.arm_key, e.severity
)

select
    s.study_accession,
    a.arm_accession,
    a.name as arm,
    v.severity,
    r.arm_subjects,
    coalesce(c.events, 0) as events,
    coalesce(c.subjects_with_event, 0) as subjects_with_event,
    round(100.0 * coalesce(c.events, 0) / r.arm_subjects, 2) as events_per_100,
    round(100.0 * coalesce(c.subjects_with_event, 0) / r.arm_subjects, 2) as subjects_per_100
from arm as r
inner join severity as v on r.study_key = v.study_key
inner join star.dim_study as s on r.study_key = s.study_key
inner join star.dim_arm as a on r.arm_key = a.arm_key
left join counted as c
    on r.study_key = c.study_key and r.arm_key = c.arm_key and v.severity = c.severity;
