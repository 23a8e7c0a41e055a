-- Scopes whose newest decision is to hold them: by run, source and reason.
with on_hold as (
    select
        w.source,
        w.scope,
        w.release_version,
        w.run_id,
        w.reason,
        coalesce(r.ended_at, r.started_at) as happened_at,
        md5(regexp_replace(replace(w.reason, w.scope, '?'), '[0-9]+', '?', 'g')) as cause_digest
    from ops.work as w
    inner join ops.run as r on w.run_id = r.run_id
    where
        w.action = 'hold' and r.state <> 'running'
        and not exists (
            select 1
            from ops.work as n
            inner join ops.run as m on n.run_id = m.run_id
            left join ops.load as p on n.load_id = p.load_id
            where
                n.source = w.source and n.scope = w.scope and n.action <> 'plan'
                and m.started_at > r.started_at and (m.state <> 'running' or p.state = 'published')
        )
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
