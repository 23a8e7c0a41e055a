-- Rows that were not published, and values that were left out of rows which were: what is short of each.
select
    'value' as kind,
    v.value_id as number,
    v.load_id,
    v.source,
    v.scope,
    v.release_version,
    v.endpoint,
    v.row_number,
    v.rule,
    v.field,
    v.value,
    v.quarantined_at,
    v.key as received
from monitor.quarantined_value as v
union all
select
    'row' as kind,
    q.quarantine_id as number,
    q.load_id,
    q.source,
    q.scope,
    q.release_version,
    q.endpoint,
    q.row_number,
    q.rule,
    cast(null as text) as no_field,
    cast(null as text) as no_value,
    q.quarantined_at,
    q.row as received
from monitor.quarantine as q
