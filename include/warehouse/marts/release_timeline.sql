-- Purpose: When each study was first shared, last changed, withdrawn and shared again.
-- Grain: one event of one study.
-- Caveat: changes between the first and the latest release are known from the releases captured alone:
--   set star.as_of to see them. A withdrawn study has no events but those of its withdrawal.
-- Censored: there are none.
-- Apart: nothing is summarised but counts.
-- Leaves out: nothing.
-- Columns:
--   study_accession text: Study
--   occasion text: first shared, last changed, withdrawn or shared again
--   release_version text: Data release of the event
--   release_date date: Day of that release
--   reason text: Of a withdrawal: why, and how that is known
create or replace view mart.release_timeline
with (security_invoker = true) as
with occasions as (
    select
        study_accession,
        'first shared' as occasion,
        initial_data_release_version as release_version,
        initial_data_release_date as release_date,
        null::text as reason
    from star.dim_study
    where study_key > 0 and initial_data_release_version is not null
    union all
    select
        study_accession,
        'last changed' as occasion,
        latest_data_release_version as release_version,
        latest_data_release_date as release_date,
        null::text as reason
    from star.dim_study
    where study_key > 0 and latest_data_release_version is not null
    union all
    select
        study_accession,
        'withdrawn' as occasion,
        withdrawn_at as release_version,
        null::date as release_date,
        reason
    from star.study_withdrawal
    union all
    select
        study_accession,
        'shared again' as occasion,
        returned_at as release_version,
        null::date as release_date,
        null::text as reason
    from star.study_withdrawal
    where returned_at is not null
)

select
    e.study_accession,
    e.occasion,
    e.release_version,
    coalesce(e.release_date, r.release_date) as release_date,
    e.reason
from occasions as e
left join star.dim_data_release as r on e.release_version = r.release_version;
