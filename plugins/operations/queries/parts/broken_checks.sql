-- Checks that withhold an endpoint, a row or a value in the newest checked load of a scope. A newer load that
-- passes them mends it.
with newest as materialized (select * from part.newest_checked),

found as materialized (
    select
        r.load_id,
        r.endpoint,
        r.check_id,
        r.severity,
        r.unexpected_rows
    from monitor.result as r
    where not r.success and r.severity in ('endpoint', 'row', 'value')
)

select
    case f.severity when 'endpoint' then 'withheld' else 'quarantine' end as kind,
    n.source,
    n.scope,
    f.endpoint || ': ' || f.check_id as cause,
    l.run_id,
    l.changed_at as first_seen,
    l.changed_at as last_seen,
    cast(null as timestamptz) as mended_at
from newest as n
inner join found as f on n.checked_as = f.load_id
inner join monitor.load as l on n.load_id = l.load_id
