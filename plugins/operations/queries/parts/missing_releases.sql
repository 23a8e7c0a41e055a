-- The newest release in the last listing of a DAG, where scopes that are listed at it are not published.
with newest as materialized (
    select distinct on (k.dag_id)
        k.dag_id,
        k.run_id,
        k.state,
        k.newest_release,
        k.started_at
    from monitor.run as k
    where k.newest_release is not null
    order by k.dag_id asc, k.started_at desc
)

select
    'release' as kind,
    w.source,
    w.scope,
    r.newest_release || ' is listed and not loaded: ' || case w.action
        when 'hold' then 'on hold' when 'plan' then 'only planned, the run was a dry run'
        else coalesce(nullif(l.state, 'planned'), 'not begun')
    end as cause,
    w.run_id,
    r.started_at as first_seen,
    r.started_at as last_seen,
    cast(null as timestamptz) as mended_at
from newest as r
inner join monitor.work as w on r.run_id = w.run_id and r.newest_release = w.release_version
left join monitor.load as l on w.load_id = l.load_id
where
    w.run_id = any(array(select n.run_id from newest as n))
    and r.state <> 'running' and w.action in ('load', 'hold', 'plan')
    and coalesce(l.state, 'planned') not in ('published', 'retracted')
