-- What happened to each of some scopes at each of some releases, and why.
with releases as materialized (
    select
        r.release_key,
        r.release_version
    from unnest(cast(:keys as integer[]), cast(:versions as text[])) as r (release_key, release_version)
),

scopes as materialized (
    select s.scope from unnest(cast(:scopes as text[])) as s (scope)
),

loads as materialized (
    -- The newest load of each scope and release.
    select distinct on (l.scope, l.release_key)
        l.scope,
        l.release_key,
        l.load_id,
        l.state,
        l.same_as,
        l.run_id,
        case when l.state in ('failed', 'retracted') then l.error end as error
    from monitor.load as l
    where l.source = :source and l.scope = any(cast(:scopes as text[]))
    order by l.scope asc, l.release_key asc, l.load_id desc
),

captures as materialized (
    select
        c.scope,
        c.release_key,
        c.kind,
        c.reason,
        c.load_id,
        l.release_version,
        l.same_as,
        coalesce(l.same_as, l.load_id) as checked_as,
        lead(c.release_key) over (partition by c.scope order by c.release_key) as next_key
    from monitor.capture as c
    inner join monitor.load as l on c.load_id = l.load_id
    where
        c.source = :source and c.scope = any(cast(:scopes as text[]))
        and l.source = :source and l.scope = any(cast(:scopes as text[]))
),

rejected as (
    -- As the check counts them: it has a result for each endpoint with quarantined rows.
    select
        q.load_id,
        cast(sum(q.unexpected_rows) as bigint) as quarantined
    from monitor.result as q
    where
        q.check_id = 'quarantine_share'
        and q.load_id = any(array(select c.checked_as from captures as c))
    group by q.load_id
),

cells as (
    select
        s.scope,
        r.release_key,
        r.release_version,
        c.kind,
        c.reason as withdrawn_because,
        c.load_id as captured_by,
        c.same_as,
        coalesce(j.quarantined, 0) as quarantined,
        l.load_id,
        l.state,
        l.error,
        e.release_version as since,
        e.kind as kind_before
    from scopes as s
    cross join releases as r
    left join captures as c on s.scope = c.scope and r.release_key = c.release_key
    -- The capture before the release.
    left join captures as e
        on
            s.scope = e.scope and r.release_key > e.release_key
            and (e.next_key is null or r.release_key <= e.next_key)
    left join rejected as j on c.checked_as = j.load_id
    left join loads as l on s.scope = l.scope and r.release_key = l.release_key
)

select
    c.scope,
    c.release_version,
    c.quarantined,
    c.error,
    c.withdrawn_because,
    c.since,
    o.release_version as same_as,
    c.captured_by is not null as is_captured,
    case
        when c.state <> 'published' and (c.captured_by is null or c.captured_by <> c.load_id)
            then c.state
        when c.kind = 'withdrawn' then 'withdrawn'
        when c.kind is not null and c.quarantined > 0 then 'quarantined'
        when c.kind is not null and c.same_as is not null then 'unchanged'
        when c.kind is not null then 'published'
        when c.kind_before = 'withdrawn' then 'gone'
        when c.kind_before is not null then 'keep'
        else 'none'
    end as state
from cells as c
left join
    monitor.load as o
    on c.same_as = o.load_id and o.load_id = any(array(select x.same_as from captures as x))
