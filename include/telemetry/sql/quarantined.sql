-- What was quarantined of what is published now, by source and endpoint: rows, and values of published rows.
with shown as (
    select distinct on (source, scope)
        source,
        coalesce(same_as, load_id) as load_id
    from monitor.load
    where state = 'published'
    order by source asc, scope asc, release_key desc, load_id desc
),

sources as materialized (
    select
        source,
        array_agg(load_id) as loads
    from shown
    group by source
),

found as (
    -- As the check counts them: it has a result for each endpoint with quarantined rows.
    select
        s.source,
        r.endpoint,
        r.quarantined as of_row,
        0 as of_value
    from sources as s
    inner join lateral (
        -- Summed here: a plain select would compare each result with each load.
        select
            c.endpoint,
            sum(c.unexpected_rows) as quarantined
        from monitor.result as c
        where c.check_id = 'quarantine_share' and c.unexpected_rows > 0 and c.load_id = any(s.loads)
        group by c.endpoint
    ) as r on true
    union all
    select
        s.source,
        v.endpoint,
        0 as of_row,
        v.quarantined as of_value
    from sources as s
    inner join lateral (
        select
            q.endpoint,
            sum(q.items) as quarantined
        from monitor.quarantine_group as q
        where q.kind = 'value' and q.load_id = any(s.loads)
        group by q.endpoint
    ) as v on true
)

select
    source as source_name,
    endpoint,
    cast(sum(of_row) as bigint) as row_count,
    cast(sum(of_value) as bigint) as value_count
from found
group by source, endpoint
order by source_name, endpoint;
