-- Each scope of each source: what the warehouse holds of it, and what the last run that decided about it did.
with recent as (
    -- The newest runs of each DAG: a run for one study hides nothing that the run before decided.
    select
        n.run_id,
        n.started_at,
        n.state,
        n.place
    from (
        select
            r.run_id,
            r.started_at,
            r.state,
            row_number() over (order by r.started_at desc) as place,
            row_number() over (partition by r.dag_id order by r.started_at desc) as place_of_dag
        from monitor.run as r
    ) as n
    where n.place_of_dag <= 10
),

decided as (
    select
        w.source,
        w.scope,
        min(r.place) as place
    from monitor.work as w
    inner join recent as r on w.run_id = r.run_id
    where
        w.run_id = any(array(select n.run_id from recent as n))
        and (cast(:source as text) is null or w.source = cast(:source as text))
    group by w.source, w.scope
),

captured as (
    select
        c.source,
        c.scope,
        max(c.release_key) as release_key
    from monitor.capture as c
    where cast(:source as text) is null or c.source = cast(:source as text)
    group by c.source, c.scope
),

held as (
    select
        c.source,
        c.scope,
        c.kind,
        c.captured_at,
        c.load_id
    from captured as p
    inner join lateral (
        select
            o.source,
            o.scope,
            o.kind,
            o.captured_at,
            o.load_id
        from monitor.capture as o
        where o.source = p.source and o.scope = p.scope and o.release_key = p.release_key
        order by o.load_id desc
        limit 1
    ) as c on true
),

checked as (
    -- Of a load that landed the same as an earlier one, the rows quarantined are those of the earlier one.
    select
        l.load_id,
        coalesce(l.same_as, l.load_id) as checked_as
    from monitor.load as l
    where l.load_id = any(array(select h.load_id from held as h))
),

rejected as (
    -- As the check counts them: it has a result for each endpoint with quarantined rows.
    select
        q.load_id,
        cast(sum(q.unexpected_rows) as bigint) as quarantined
    from monitor.result as q
    where
        q.check_id = 'quarantine_share'
        and q.load_id = any(array(select k.checked_as from checked as k))
    group by q.load_id
),

found as materialized (
    -- Materialised: views pass on a comparison with a column, and not one with an expression.
    select
        coalesce(s.source, d.source) as source, -- noqa: RF04
        coalesce(s.scope, d.scope) as scope,
        coalesce(s.state, 'new') as state,
        s.release_version,
        s.release_date,
        s.reason as scope_reason,
        h.captured_at as loaded_at,
        coalesce(j.quarantined, 0) as quarantined,
        r.run_id,
        r.started_at as decided_at,
        r.state as run_state
    from monitor.scope as s
    full join decided as d on s.source = d.source and s.scope = d.scope
    left join recent as r on d.place = r.place
    left join held as h on s.source = h.source and s.scope = h.scope
    left join checked as c on h.load_id = c.load_id
    left join rejected as j on c.checked_as = j.load_id
    where cast(:source as text) is null or coalesce(s.source, d.source) = cast(:source as text)
),

explained as (
    select
        f.source,
        f.scope,
        f.state,
        f.release_version,
        f.release_date,
        f.loaded_at,
        f.quarantined,
        f.run_id,
        f.decided_at,
        w.release_version as decided_release,
        case
            when w.action in ('keep', 'hold', 'plan') then w.action
            when l.run_id <> f.run_id then 'superseded'
            when l.state = 'published' and w.action = 'withdraw' then 'withdrawn'
            when l.state in ('published', 'failed', 'retracted') then l.state
            when f.run_state <> 'running' then 'failed'
            when w.action is not null then coalesce(l.state, 'planned')
        end as outcome,
        case
            when l.state = 'failed' and l.run_id = f.run_id then l.error
            when
                w.action in ('load', 'withdraw') and f.run_state <> 'running' and l.run_id = f.run_id
                and l.state not in ('published', 'retracted')
                then 'was not finished'
            else coalesce(w.reason, f.scope_reason)
        end as reason
    from found as f
    left join lateral (
        select
            i.release_version,
            i.action,
            i.reason,
            i.load_id
        from monitor.work as i
        where i.run_id = f.run_id and i.source = f.source and i.scope = f.scope
        order by i.load_id desc nulls last
        limit 1
    ) as w on true
    left join lateral (
        select
            i.state,
            i.run_id,
            i.error
        from monitor.load as i
        where i.load_id = w.load_id
        order by i.load_id desc
        limit 1
    ) as l on true
)

select
    *,
    -- What needs a person first, then by number.
    case
        when outcome = 'failed' then 0
        when outcome = 'hold' then 1
        when quarantined > 0 then 2
        else 3
    end * 10000000
    + coalesce(cast(nullif(left(regexp_replace(scope, '\D', '', 'g'), 6), '') as integer), 0) as urgency
from explained
where
    (
        cast(:search as text) is null
        or strpos(lower(scope || ' ' || coalesce(reason, '')), lower(cast(:search as text))) > 0
    )
    and (cast(:state as text) is null or state = cast(:state as text))
    and coalesce(
        case cast(:problem as text)
            when 'failed' then outcome = 'failed'
            when 'on hold' then outcome = 'hold'
            when 'quarantined rows' then quarantined > 0
            when 'not loaded' then state = 'new'
            when 'any problem' then outcome in ('failed', 'hold') or quarantined > 0 or state = 'new'
        end,
        cast(:problem as text) is null
    )
