-- Each source: the newest release that a run saw, the newest that was published, the last run that ended
-- well, what the newest run holds.
with looked as (
    select distinct
        w.source,
        r.run_id,
        r.started_at,
        r.ended_at,
        r.state,
        r.newest_release
    from monitor.run as r
    inner join monitor.work as w on r.run_id = w.run_id
    where r.newest_release is not null
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
