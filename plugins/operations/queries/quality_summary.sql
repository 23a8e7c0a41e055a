-- The newest checked load of each scope: how many there are, how many have a failed check of each severity.
with newest as materialized (
    select c.* from part.newest_checked as c
    where cast(:source as text) is null or c.source = :source
),

failed as materialized (
    select
        r.load_id,
        r.severity,
        count(*) as checks
    from monitor.result as r
    where not r.success and r.load_id = any(array(select n.checked_as from newest as n))
    group by r.load_id, r.severity
)

select
    (select count(*) from newest) as scopes,
    (select count(distinct a.load_id) from failed as a) as failing,
    s.severity,
    count(f.load_id) as of_severity,
    cast(coalesce(sum(f.checks), 0) as bigint) as checks
from unnest(array['critical', 'endpoint', 'row', 'value', 'warning']) with ordinality as s (severity, place)
left join failed as f on s.severity = f.severity
group by s.severity, s.place
order by s.place
