-- When runs left a scope on hold, or removed what was loaded of it, and why.
select
    w.reason,
    w.release_version,
    min(r.started_at) as first_at,
    max(r.started_at) as happened_at,
    max(r.run_id) as run_id,
    count(*) as runs
from monitor.work as w
inner join monitor.run as r on w.run_id = r.run_id
where w.source = :source and w.scope = :scope and w.action = 'hold'
group by w.reason, w.release_version
order by max(r.started_at) desc
limit 50
