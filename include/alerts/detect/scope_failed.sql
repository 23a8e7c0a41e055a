-- Scopes whose newest decision was to load or withdraw them, and whose load failed: by run, source and cause.
-- A run that goes on says nothing yet, but for what it has published.
with failed as (
    select
        w.source,
        w.scope,
        w.release_version,
        w.run_id,
        r.started_at,
        coalesce(l.error, 'it was not finished') as error,
        coalesce(r.ended_at, r.started_at) as happened_at
    from ops.work as w
    inner join ops.run as r on w.run_id = r.run_id
    left join ops.load as l on w.load_id = l.load_id
    where
        w.action in ('load', 'withdraw') and r.state <> 'running'
        and coalesce(l.state, 'planned') not in ('published', 'retracted')
        and coalesce(l.run_id, w.run_id) = w.run_id
        and not exists (
            select 1
            from ops.work as n
            inner join ops.run as m on n.run_id = m.run_id
            left join ops.load as p on n.load_id = p.load_id
            where
                n.source = w.source and n.scope = w.scope and n.action <> 'plan'
                and m.started_at > r.started_at and (m.state <> 'running' or p.state = 'published')
        )
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
