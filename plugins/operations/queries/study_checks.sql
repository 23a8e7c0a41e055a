-- Checks of a load: those that failed, or all of them; the gravest first.
select
    r.endpoint,
    r.check_id,
    r.severity,
    case when r.success then 'passed' else 'failed' end as outcome,
    r.unexpected_rows,
    r.detail
from monitor.result as r
where r.load_id = :checked_as and (cast(:every as boolean) or not r.success)
order by
    r.success,
    array_position(array['critical', 'endpoint', 'row', 'value', 'warning'], r.severity),
    r.endpoint,
    r.check_id
limit 2000
