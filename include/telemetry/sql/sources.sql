-- Each source: the newest release that a run saw, the newest that was published, the last run that ended
-- well, what the newest run holds.
with recent as materialized (
    select
        r.run_id,
        r.started_at,
        r.ended_at,
        r.state,
        r.newest_release,
        -- Of any of its decisions: to look for all its sources would read all.
        (
            select w.source from monitor.work as w
            where w.run_id = r.run_id
            order by w.run_id
            limit 1
        ) as source -- noqa: RF04
    from monitor.run as r
    where r.newest_release is not null
),

names as materialized (
    select source from recent
    union
    select source from monitor.scope
),

looked as materialized (
    select
        n.source,
        r.run_id,
        r.started_at,
        r.ended_at,
        r.state,
        r.newest_release
    from recent as r
    inner join names as n on true
    where
        (
            select true from monitor.work as w
            where w.run_id = r.run_id and w.source = n.source
            order by w.run_id
            limit 1
        )
),

newest as (
    select distinct on (source)
        source,
        run_id,
        newest_release
    from looked
    order by source asc, started_at desc
),

published as (
    select distinct on (source)
        source,
        release_version
    from monitor.load
    where state = 'published'
    order by source asc, release_key desc, load_id desc
)

select
    n.source,
    n.newest_release as available,
    p.release_version as loaded,
    (
        select max(l.ended_at) from looked as l
        where l.source = n.source and l.state = 'success'
    ) as succeeded_at,
    (
        select count(*) from monitor.work as w
        where w.run_id = n.run_id and w.source = n.source and w.action = 'hold'
    ) as held
from newest as n
left join published as p on n.source = p.source
order by n.source;
