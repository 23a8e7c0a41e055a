-- Each source of the registry: how its runs went, what it holds, and the calls of its last run.
with runs as (
    select distinct on (r.dag_id)
        r.dag_id,
        r.run_id,
        r.state,
        r.started_at,
        r.newest_release,
        r.key_expires_at,
        r.note
    from monitor.run as r
    order by r.dag_id asc, r.started_at desc
),

successes as (
    select
        r.dag_id,
        max(coalesce(r.ended_at, r.started_at)) as ended_at
    from monitor.run as r
    where r.state = 'success'
    group by r.dag_id
),

calls as (
    select
        c.run_id,
        c.source,
        cast(sum(c.calls) as bigint) as calls,
        cast(sum(c.errors) as bigint) as errors,
        cast(sum(c.retries) as bigint) as retries,
        cast(sum(c.milliseconds) as double precision) / 1000 / nullif(sum(c.calls), 0) as seconds,
        cast(max(c.slowest_milliseconds) as double precision) / 1000 as slowest,
        max(c.failed_at) as failed_at,
        (array_agg(c.failure order by c.failed_at desc nulls last))[1] as failure
    from monitor.call as c
    where c.run_id = any(array(select r.run_id from runs as r))
    group by c.run_id, c.source
),

held as (
    select
        s.source,
        count(*) filter (where s.state = 'current') as scopes
    from monitor.scope as s
    group by s.source
)

select
    s.source,
    s.dag_id,
    r.run_id,
    r.state,
    r.started_at,
    r.newest_release,
    r.key_expires_at,
    r.note,
    u.ended_at as succeeded_at,
    coalesce(h.scopes, 0) as scopes,
    c.calls,
    c.errors,
    c.retries,
    c.seconds,
    c.slowest,
    c.failed_at,
    c.failure
from unnest(cast(:sources as text[]), cast(:dags as text[])) with ordinality as s (source, dag_id, place)
left join runs as r on s.dag_id = r.dag_id
left join successes as u on s.dag_id = u.dag_id
left join held as h on s.source = h.source
left join calls as c on r.run_id = c.run_id and s.source = c.source
order by s.place
