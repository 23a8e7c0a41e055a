-- Scopes that a run put on hold: withdrawals in doubt, releases that cannot be. The next decision that is
-- another one ends it. It is looked for in one run after the other: most holds end in the next.
with recursive runs as materialized (
    select
        r.run_id,
        r.started_at,
        row_number() over (order by r.started_at asc, r.run_id asc) as place
    from monitor.run as r
),

held as materialized (
    select
        w.source,
        w.scope,
        w.reason,
        w.run_id,
        r.started_at,
        r.place
    from monitor.work as w
    inner join runs as r on w.run_id = r.run_id
    where w.action = 'hold'
),

followed as (
    select distinct
        h.source,
        h.scope,
        h.place,
        h.place as looked_at,
        cast(null as timestamptz) as decided_at,
        cast(null as boolean) as is_held
    from held as h
    union all
    select
        f.source,
        f.scope,
        f.place,
        n.place as looked_at,
        n.started_at as decided_at,
        (
            select bool_and(w.action = 'hold')
            from monitor.work as w
            where
                w.run_id = n.run_id and w.source = f.source and w.scope = f.scope
                and w.action <> 'plan'
        ) as is_held
    from followed as f
    inner join runs as n on n.place = f.looked_at + 1
    where f.is_held is null
),

ended as (
    -- On hold once more, it ends with the next hold; backwards, so that the frame only grows.
    select
        f.source,
        f.scope,
        f.place,
        min(f.decided_at) filter (where not f.is_held) over (
            partition by f.source, f.scope
            order by f.place desc
        ) as mended_at
    from followed as f
    where f.is_held is not null
)

select
    case
        when h.reason ~ 'no longer listed|not listed|withdrawn|restricted' then 'withdrawal' else 'hold'
    end as kind,
    h.source,
    h.scope,
    h.reason as cause,
    h.run_id,
    h.started_at as first_seen,
    h.started_at as last_seen,
    e.mended_at
from held as h
left join ended as e on h.source = e.source and h.scope = e.scope and h.place = e.place
