-- Scopes that an action is about: what is here of each, its newest load, the last decision, quarantine.
with named as (
    select
        w.source,
        w.scope,
        count(*) as decisions
    from monitor.work as w
    where w.source = :source and w.scope = any(cast(:scopes as text[]))
    group by w.source, w.scope
)

select
    n.source,
    n.scope,
    n.decisions,
    s.state as scope_state,
    s.release_version as published_release,
    l.load_id,
    l.state,
    l.release_version,
    l.route,
    l.error,
    w.run_id,
    w.action,
    w.reason,
    coalesce(r.fact_rows, 0) as fact_rows,
    (
        select count(*) from monitor.capture as c
        where c.source = n.source and c.scope = n.scope
    ) as captures,
    (
        select count(distinct row(q.endpoint, q.row_number))
        from monitor.quarantine as q
        where q.load_id = p.checked_as
    ) + (
        select count(*)
        from monitor.quarantined_value as v
        where v.load_id = p.checked_as
    ) as quarantined
from named as n
left join monitor.scope as s on n.source = s.source and n.scope = s.scope
left join lateral (
    select d.*
    from monitor.load as d
    inner join named as e on d.source = e.source and d.scope = e.scope
    where d.scope = n.scope
    order by d.load_id desc
    limit 1
) as l on true
left join lateral (
    -- Made here: views pass on a comparison with a column, and not one with an expression.
    select
        d.load_id,
        coalesce(d.same_as, d.load_id) as checked_as
    from monitor.load as d
    inner join named as e on d.source = e.source and d.scope = e.scope
    where d.scope = n.scope and d.state = 'published'
    order by d.load_id desc
    limit 1
) as p on true
left join lateral (
    select sum(c.added + c.corrected + c.unchanged) as fact_rows
    from monitor.release_change as c
    where c.load_id = p.load_id and (n.source <> 'immport' or c.relation like 'fact%')
) as r on true
left join lateral (
    select
        k.run_id,
        k.action,
        k.reason
    from monitor.work as k
    inner join monitor.run as u on k.run_id = u.run_id
    where k.source = n.source and k.scope = n.scope
    order by u.started_at desc
    limit 1
) as w on true
order by length(n.scope), n.scope
