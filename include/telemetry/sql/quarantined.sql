-- What was quarantined of what is published now, by source and endpoint: rows, and values of published rows.
with shown as (
    select distinct on (source, scope)
        source,
        coalesce(same_as, load_id) as load_id
    from monitor.load
    where state = 'published'
    order by source asc, scope asc, release_key desc, load_id desc
),

broken as (
    -- A row may have broken several rules.
    select distinct
        load_id,
        endpoint,
        row_number
    from monitor.quarantine
),

row_counts as (
    select
        s.source,
        q.endpoint,
        count(*) as quarantined
    from shown as s
    inner join broken as q on s.load_id = q.load_id
    group by s.source, q.endpoint
),

value_counts as (
    select
        s.source,
        v.endpoint,
        count(*) as quarantined
    from shown as s
    inner join monitor.quarantined_value as v on s.load_id = v.load_id
    group by s.source, v.endpoint
)

select
    coalesce(r.source, v.source) as source_name,
    coalesce(r.endpoint, v.endpoint) as endpoint,
    coalesce(r.quarantined, 0) as row_count,
    coalesce(v.quarantined, 0) as value_count
from row_counts as r
full join value_counts as v on r.source = v.source and r.endpoint = v.endpoint
order by source_name, endpoint;
