-- The newest decision about each of those scopes that the query calls `candidates`, and what came of it.
-- A run that goes on says nothing yet, but for what it has published.
select d.*
from (
    select
        w.source,
        w.scope,
        w.release_version,
        w.run_id,
        w.action,
        w.reason,
        l.state,
        l.run_id as loaded_by,
        l.error,
        coalesce(r.ended_at, r.started_at) as happened_at,
        rank() over (partition by w.source, w.scope order by r.started_at desc) as place
    from candidates as c
    inner join ops.work as w on c.source = w.source and c.scope = w.scope
    inner join ops.run as r on w.run_id = r.run_id
    left join ops.load as l on w.load_id = l.load_id
    where w.action <> 'plan' and (r.state <> 'running' or l.state = 'published')
) as d
where d.place = 1
