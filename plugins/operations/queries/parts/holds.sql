-- Scopes that a run put on hold: withdrawals in doubt, releases that cannot be. The next decision that is
-- another one ends it.
with decisions as (
    select
        w.source,
        w.scope,
        w.action,
        w.reason,
        w.run_id,
        r.started_at,
        -- Backwards, so that the frame only grows: each row is added to it once.
        min(r.started_at) filter (where w.action <> 'hold') over (
            partition by w.source, w.scope
            order by r.started_at desc
            rows between unbounded preceding and 1 preceding
        ) as mended_at
    from monitor.work as w
    inner join monitor.run as r on w.run_id = r.run_id
    where
        w.action <> 'plan'
        and w.scope = any(array(
            select h.scope from monitor.work as h
            where h.action = 'hold'
        ))
)

select
    case
        when d.reason ~ 'no longer listed|not listed|withdrawn|restricted' then 'withdrawal' else 'hold'
    end as kind,
    d.source,
    d.scope,
    d.reason as cause,
    d.run_id,
    d.started_at as first_seen,
    d.started_at as last_seen,
    d.mended_at
from decisions as d
where d.action = 'hold'
