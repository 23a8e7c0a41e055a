-- Each source of the registry: what it holds, and how its last run ended.
with last_runs as (
    select distinct on (dag_id)
        dag_id,
        run_id,
        started_at,
        state,
        newest_release
    from monitor.run
    order by dag_id asc, started_at desc
)

select
    s.source,
    l.run_id,
    l.started_at as last_run,
    l.state as last_state,
    l.newest_release as listed_release,
    (
        select d.release_version
        from monitor.load as d
        where d.source = s.source and d.state = 'published'
        order by d.release_key desc
        limit 1
    ) as loaded_release,
    (
        select count(*) from monitor.scope as c
        where c.source = s.source and c.state = 'current')
        as current_scopes,
    (
        select count(*) from monitor.work as w
        where w.run_id = l.run_id and w.action = 'hold'
    ) as on_hold,
    (
        select count(*)
        from monitor.work as w
        inner join monitor.load as d on w.load_id = d.load_id
        where w.run_id = l.run_id and d.state = 'failed'
    ) as failed
from
    unnest(cast(:sources as text[]), cast(:dags as text[])) with ordinality as s (source, dag_id, place)
left join last_runs as l on s.dag_id = l.dag_id
order by s.place
