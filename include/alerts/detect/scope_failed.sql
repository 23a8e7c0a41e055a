-- Scopes whose newest decision was to load or withdraw them, and whose load failed: by run, source and cause.
-- A run that goes on says nothing yet, but for what it has published.
with candidates as materialized (
    select distinct
        w.source,
        w.scope
    from ops.work as w
    left join ops.load as l on w.load_id = l.load_id
    where
        w.action in ('load', 'withdraw')
        and coalesce(l.state, 'planned') not in ('published', 'retracted')
),

decisions as (
    select
        w.source,
        w.scope,
        w.release_version,
        w.run_id,
        w.action,
        l.state,
        l.run_id as loaded_by,
        coalesce(l.error, 'it was not finished') as error,
        coalesce(r.ended_at, r.started_at) as happened_at,
        rank() over (partition by w.source, w.scope order by r.started_at desc) as place
    from candidates as c
    inner join ops.work as w on c.source = w.source and c.scope = w.scope
    inner join ops.run as r on w.run_id = r.run_id
    left join ops.load as l on w.load_id = l.load_id
    where w.action <> 'plan' and (r.state <> 'running' or l.state = 'published')
),

failed as (
    select d.*
    from decisions as d
    where
        d.place = 1 and d.action in ('load', 'withdraw')
        and coalesce(d.state, 'planned') not in ('published', 'retracted')
        and coalesce(d.loaded_by, d.run_id) = d.run_id
),

alike as (
    select
        f.*,
        md5(regexp_replace(replace(f.error, f.scope, '?'), '[0-9]+', '?', 'g')) as cause_digest
    from failed as f
)

select
    concat_ws('/', run_id, source, cause_digest) as subject,
    source,
    array_agg(distinct scope order by scope) as scopes,
    case when count(distinct release_version) = 1 then min(release_version) end as release_version,
    run_id,
    case
        when count(*) = 1 then min(error)
        else format('%s failed alike, such as: %s', count(distinct scope), min(error))
    end as cause,
    max(happened_at) as happened_at
from alike
group by run_id, source, cause_digest
