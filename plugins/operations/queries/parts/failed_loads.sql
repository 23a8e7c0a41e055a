-- Loads of ended runs that failed or were not finished. A later load of the scope, published at this release
-- or a newer one, mends them; so does a later run that finds nothing to do or withdraws the scope.
with runs as materialized (
    select
        r.run_id,
        r.started_at
    from monitor.run as r
),

broken as materialized (
    select
        l.load_id,
        l.source,
        l.scope,
        l.release_key,
        l.run_id,
        r.started_at,
        r.ended_at,
        coalesce(l.error, 'the load was not finished') as cause
    from monitor.load as l
    inner join monitor.run as r on l.run_id = r.run_id
    where l.state not in ('published', 'retracted') and r.state <> 'running'
)

select
    'failed' as kind,
    b.source,
    b.scope,
    b.cause,
    b.run_id,
    b.started_at as first_seen,
    coalesce(b.ended_at, b.started_at) as last_seen,
    least(
        (
            select min(p.changed_at)
            from monitor.load as p
            where
                p.source = b.source and p.scope = b.scope and p.state = 'published'
                and p.load_id > b.load_id and p.release_key >= b.release_key
        ),
        (
            -- All runs are hashed once.
            select min(n.started_at) filter (where n.started_at > b.started_at)
            from monitor.work as w
            inner join runs as n on w.run_id = n.run_id
            where w.source = b.source and w.scope = b.scope and w.action in ('keep', 'withdraw')
        )
    ) as mended_at
from broken as b
