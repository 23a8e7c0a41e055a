-- How many checks of a load there were, and failed, by severity.
select
    r.severity,
    count(*) as checks,
    count(*) filter (where not r.success) as failed
from monitor.result as r
where r.load_id = :checked_as
group by r.severity
order by array_position(array['critical', 'endpoint', 'row', 'value', 'warning'], r.severity)
