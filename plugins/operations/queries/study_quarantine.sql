-- Rows and values of a load that were quarantined, by endpoint and rule.
select
    q.endpoint,
    cast(null as text) as field,
    q.rule,
    count(*) as row_count
from monitor.quarantine as q
where q.load_id = :checked_as
group by q.endpoint, q.rule
union all
select
    v.endpoint,
    v.field,
    v.rule,
    count(*) as row_count
from monitor.quarantined_value as v
where v.load_id = :checked_as
group by v.endpoint, v.field, v.rule
order by row_count desc, endpoint asc, field asc, rule asc
limit 500
