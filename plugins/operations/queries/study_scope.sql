-- A scope that any run has met: its state, and what the last run that decided about it did.
with named as (
    select
        cast(:source as text) as source, -- noqa: RF04
        cast(:scope as text) as scope
),

decided as (
    select
        w.action,
        w.reason,
        w.run_id,
        r.started_at,
        r.state as run_state,
        l.state as load_state,
        l.error
    from monitor.work as w
    inner join monitor.run as r on w.run_id = r.run_id
    left join monitor.load as l on w.load_id = l.load_id
    where w.source = cast(:source as text) and w.scope = cast(:scope as text)
    order by r.started_at desc, w.load_id desc nulls last
    limit 1
)

select
    n.source,
    n.scope,
    coalesce(s.state, 'new') as state,
    s.release_version,
    s.release_date,
    s.reason as state_reason,
    d.action,
    d.reason,
    d.run_id,
    d.started_at,
    d.run_state,
    d.load_state,
    d.error
from named as n
left join monitor.scope as s on s.source = cast(:source as text) and s.scope = cast(:scope as text)
left join decided as d on true
where
    s.scope is not null
    or d.run_id is not null
    or exists (
        select 1 from monitor.load as l
        where l.source = cast(:source as text) and l.scope = cast(:scope as text)
    )
