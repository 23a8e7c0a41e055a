-- Scopes that one task instance worked on, and how its step ended for each.
select
    s.source,
    s.scope,
    s.release_version,
    s.load_id,
    s.step,
    s.state,
    s.rows as row_count,
    s.started_at,
    extract(epoch from coalesce(s.ended_at, now()) - s.started_at) as seconds,
    s.try_number,
    s.message,
    case s.state when 'failed' then 0 when 'running' then 1 else 2 end * 10000000
    + coalesce(cast(nullif(left(regexp_replace(s.scope, '\D', '', 'g'), 6), '') as integer), 0) as urgency
from monitor.step as s
where
    s.run_id = cast(:dag_id as text) || '/' || cast(:run_id as text)
    and s.task_id = cast(:task_id as text)
    and s.map_index = case
        when cast(:map_index as text) ~ '^[0-9]{1,9}$' then cast(cast(:map_index as text) as bigint) else -1
    end
    and (cast(:state as text) is null or s.state = cast(:state as text))
    and (
        cast(:search as text) is null
        or strpos(lower(s.scope || ' ' || coalesce(s.message, '')), lower(cast(:search as text))) > 0
    )
