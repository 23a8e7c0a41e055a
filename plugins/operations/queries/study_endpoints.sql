-- Rows of each endpoint of a load: received, staged, quarantined, sent more than once; and by another count.
with rejected as (
    select
        q.endpoint,
        count(*) filter (where q.rule <> 'package_line') as quarantined
    from monitor.quarantine as q
    where q.load_id = :checked_as
    group by q.endpoint
),

repeated as (
    select
        r.endpoint,
        max(r.unexpected_rows) as copies
    from monitor.result as r
    where r.load_id = :checked_as and r.check_id = 'key_unique'
    group by r.endpoint
)

select
    s.endpoint,
    s.rows_received,
    s.rows_staged,
    s.is_known,
    s.pieces,
    s.rows_expected,
    s.expected_from,
    s.note,
    s.refused,
    s.withheld,
    coalesce(q.quarantined, 0) as quarantined,
    r.copies
from monitor.staged as s
left join rejected as q on s.endpoint = q.endpoint
left join repeated as r on s.endpoint = r.endpoint
where s.load_id = :load
order by s.endpoint
