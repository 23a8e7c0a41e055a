-- Each route of alerts: when it last delivered one, and what it has not delivered.
select
    d.route,
    max(d.changed_at) filter (where d.state = 'delivered') as last_delivered_at,
    max(d.changed_at) filter (where d.state = 'delivered' and a.alert_type = 'drill') as last_drill_at,
    count(*) filter (where d.state <> 'delivered') as undelivered,
    min(a.first_seen_at) filter (where d.state <> 'delivered') as undelivered_since,
    (array_agg(d.error order by d.changed_at desc) filter (where d.state = 'failed'))[1] as last_error
from monitor.alert_delivery as d
inner join monitor.alert as a on d.alert_id = a.alert_id
group by d.route
order by d.route
