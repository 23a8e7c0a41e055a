-- Scopes whose newest decision is to hold them: by run, source and reason.
with candidates as materialized (
    select distinct
        w.source,
        w.scope
    from ops.work as w
    where w.action = 'hold'
),

decisions as (
    select
        w.source,
        w.scope,
        w.release_version,
        w.run_id,
        w.action,
        w.reason,
        coalesce(r.ended_at, r.started_at) as happened_at,
        md5(regexp_replace(replace(w.reason, w.scope, '?'), '[0-9]+', '?', 'g')) as cause_digest,
        rank() over (partition by w.source, w.scope order by r.started_at desc) as place
    from candidates as c
    inner join ops.work as w on c.source = w.source and c.scope = w.scope
    inner join ops.run as r on w.run_id = r.run_id
    left join ops.load as l on w.load_id = l.load_id
    where w.action <> 'plan' and (r.state <> 'running' or l.state = 'published')
),

on_hold as (
    select d.*
    from decisions as d
    where d.place = 1 and d.action = 'hold'
)

select
    concat_ws('/', run_id, source, cause_digest) as subject,
    source,
    array_agg(distinct scope order by scope) as scopes,
    case when count(distinct release_version) = 1 then min(release_version) end as release_version,
    run_id,
    case
        when count(*) = 1 then min(reason)
        else format('%s are on hold alike, such as: %s', count(distinct scope), min(reason))
    end as cause,
    max(happened_at) as happened_at
from on_hold
group by run_id, source, cause_digest
