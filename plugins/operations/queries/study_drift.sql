-- Keys that answers of a load lacked, had beyond those declared, or had twice.
select
    d.endpoint,
    d.field,
    d.kind,
    d.rows
from monitor.drift as d
where d.load_id = :load
order by d.endpoint, d.field, d.kind
limit 500
