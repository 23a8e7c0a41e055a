-- Each load of a scope, the newest release first: what came of it, and what it changed.
with loads as materialized (
    select
        l.load_id,
        l.source,
        l.scope,
        l.release_version,
        l.release_date,
        l.release_key,
        l.route,
        l.route_reason,
        l.state,
        l.error,
        l.run_id,
        l.same_as,
        l.fetch_id,
        l.lacks,
        l.created_at,
        coalesce(l.same_as, l.load_id) as checked_as
    from monitor.load as l
    where l.source = :source and l.scope = :scope
),

changes as (
    select
        c.load_id,
        sum(c.added) as added,
        sum(c.corrected) as corrected,
        sum(c.withdrawn) as withdrawn,
        sum(c.unchanged) as unchanged
    from monitor.release_change as c
    where c.load_id = any(array(select l.load_id from loads as l))
    group by c.load_id
),

rejected as (
    select
        q.load_id,
        count(*) as quarantined
    from monitor.quarantine as q
    where q.load_id = any(array(select l.checked_as from loads as l))
    group by q.load_id
),

decisions as (
    select distinct on (w.load_id)
        w.load_id,
        w.reason
    from monitor.work as w
    where w.source = :source and w.scope = :scope and w.load_id is not null
    order by w.load_id asc, w.run_id desc
)

select
    l.load_id,
    l.source,
    l.scope,
    l.release_version,
    l.release_date,
    l.release_key,
    l.route,
    l.route_reason,
    l.state,
    l.error,
    l.run_id,
    l.fetch_id,
    l.lacks,
    l.checked_as,
    l.created_at,
    e.published_at,
    coalesce(e.published_at, l.created_at) as happened_at,
    c.kind,
    c.reason as withdrawn_because,
    o.release_version as same_as,
    d.reason,
    r.note,
    cast(h.added as bigint) as added,
    cast(h.corrected as bigint) as corrected,
    cast(h.withdrawn as bigint) as withdrawn,
    cast(h.unchanged as bigint) as unchanged,
    coalesce(q.quarantined, 0) as quarantined
from loads as l
left join loads as o on l.same_as = o.load_id
left join monitor.ledger as e
    on l.load_id = e.load_id and e.load_id = any(array(select x.load_id from loads as x))
left join monitor.capture as c on l.load_id = c.load_id and c.source = :source and c.scope = :scope
left join changes as h on l.load_id = h.load_id
left join rejected as q on l.checked_as = q.load_id
left join decisions as d on l.load_id = d.load_id
left join monitor.run as r on l.run_id = r.run_id
order by l.release_key desc, l.load_id desc
