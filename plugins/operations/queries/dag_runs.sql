-- Runs of a DAG, the newest first, with what they decided.
select
    r.run_id,
    r.started_at,
    r.state,
    extract(epoch from coalesce(r.ended_at, now()) - r.started_at) as seconds,
    r.newest_release,
    r.listed,
    r.note
from monitor.run as r
where r.dag_id = :dag_id and (cast(:state as text) is null or r.state = cast(:state as text))
