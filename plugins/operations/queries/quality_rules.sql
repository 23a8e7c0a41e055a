-- Checks that fail in the newest checked load of a scope: one row for each check of an endpoint.
with newest as materialized (
    select c.* from part.newest_checked as c
    where cast(:source as text) is null or c.source = :source
)

select
    r.check_id,
    r.severity,
    r.endpoint,
    n.source,
    count(*) as scopes,
    cast(sum(r.unexpected_rows) as bigint) as rows,
    -- What withholds most comes first.
    array_position(array['critical', 'endpoint', 'row', 'value', 'warning'], r.severity)
    * cast(1000000000 as bigint) - count(*) as urgency
from newest as n
inner join monitor.result as r on n.checked_as = r.load_id
where
    not r.success
    and r.load_id = any(array(select w.checked_as from newest as w))
    and (cast(:severity as text) is null or r.severity = :severity)
    and (cast(:endpoint as text) is null or r.endpoint = :endpoint)
    and (cast(:search as text) is null or strpos(lower(r.check_id || ' ' || r.endpoint), lower(:search)) > 0)
group by r.check_id, r.severity, r.endpoint, n.source
