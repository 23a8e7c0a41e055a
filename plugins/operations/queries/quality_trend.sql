-- What the checks of each release found, in the newest checked load of each scope at it: the last releases.
with loads as (
    select
        l.release_key,
        l.release_version,
        (max(array[l.load_id, coalesce(l.same_as, l.load_id)]))[2] as checked_as
    from monitor.load as l
    where l.source = :source and l.state in ('checked', 'published', 'failed')
    group by l.scope, l.release_key, l.release_version
),

found as (
    select
        r.load_id,
        count(*) filter (where not r.success and r.severity = 'critical') as of_critical,
        count(*) filter (where not r.success and r.severity = 'endpoint') as of_endpoint,
        count(*) filter (where not r.success and r.severity = 'row') as of_row,
        count(*) filter (where not r.success and r.severity = 'value') as of_value,
        count(*) filter (where not r.success and r.severity = 'warning') as of_warning,
        sum(r.unexpected_rows) filter (where r.check_id = 'quarantine_share') as quarantined
    from monitor.result as r
    where not r.success or r.check_id = 'quarantine_share'
    group by r.load_id
)

select
    l.release_version,
    count(*) as scopes,
    cast(coalesce(sum(f.of_critical), 0) as bigint) as of_critical,
    cast(coalesce(sum(f.of_endpoint), 0) as bigint) as of_endpoint,
    cast(coalesce(sum(f.of_row), 0) as bigint) as of_row,
    cast(coalesce(sum(f.of_value), 0) as bigint) as of_value,
    cast(coalesce(sum(f.of_warning), 0) as bigint) as of_warning,
    cast(coalesce(sum(f.quarantined), 0) as bigint) as quarantined
from loads as l
left join found as f on l.checked_as = f.load_id
group by l.release_key, l.release_version
order by l.release_key desc
limit 20
