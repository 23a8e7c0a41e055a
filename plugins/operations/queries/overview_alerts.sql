-- Alerts whose cause is still there, the most severe first.
select
    alert_type,
    severity,
    source,
    scopes,
    release_version,
    cause,
    to_do,
    link,
    happened_at
from monitor.alert
where resolved_at is null and alert_type <> 'drill'
order by
    array_position(array['critical', 'error', 'warning', 'info'], severity) asc,
    happened_at desc
limit :most
