-- Messages that did not arrive, or not yet: newest first.
select
    a.alert_id,
    a.event_key,
    a.alert_type,
    a.severity,
    a.source,
    a.scopes,
    a.release_version,
    a.run_id,
    a.cause,
    a.first_seen_at,
    a.resolved_at,
    d.route,
    d.state,
    d.attempts,
    d.error,
    d.changed_at
from monitor.alert_delivery as d
inner join monitor.alert as a on d.alert_id = a.alert_id
where d.state <> 'delivered'
order by a.first_seen_at desc, a.alert_id desc, d.route asc
