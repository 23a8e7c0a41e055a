-- The record of a run.
select
    r.run_id,
    r.state,
    r.started_at,
    r.ended_at,
    extract(epoch from coalesce(r.ended_at, now()) - r.started_at) as seconds,
    r.newest_release,
    r.listed,
    r.note
from monitor.run as r
where r.run_id = :run
