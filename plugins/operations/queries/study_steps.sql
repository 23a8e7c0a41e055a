-- Steps of a load, in the order in which they began, with the task behind each.
select
    s.run_id,
    s.step,
    s.state,
    s.started_at,
    extract(epoch from coalesce(s.ended_at, now()) - s.started_at) as seconds,
    s.rows as row_count,
    s.message,
    s.task_id,
    s.map_index,
    s.try_number
from monitor.step as s
where s.source = :source and s.scope = :scope and s.load_id = :load
order by s.step_id
limit 200
