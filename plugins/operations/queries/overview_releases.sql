-- The newest releases of a source: what each changed, what it left in quarantine, how soon it was published.
with releases as (
    select
        release_key,
        min(release_version) as release_version,
        min(release_date) as release_date,
        count(distinct scope) as scopes,
        array_agg(load_id) filter (where same_as is null) as loads,
        min(changed_at) as published_at
    from monitor.load
    where source = :source and state = 'published'
    group by release_key
    order by release_key desc
    limit :most
)

select
    r.release_version,
    r.scopes,
    cast(coalesce(c.added, 0) as bigint) as added,
    cast(coalesce(c.corrected, 0) as bigint) as corrected,
    cast(coalesce(c.withdrawn, 0) as bigint) as withdrawn,
    cast(coalesce(f.quarantined, 0) as bigint) as quarantined,
    coalesce(f.failed_checks, 0) as failed_checks,
    greatest(0, extract(day from r.published_at - r.release_date)) as days_after
from releases as r
left join lateral (
    select
        sum(k.added) as added,
        sum(k.corrected) as corrected,
        sum(k.withdrawn) as withdrawn
    from monitor.release_change as k
    where k.load_id = any(r.loads) and starts_with(k.relation, 'fact')
) as c on true
left join lateral (
    -- The check counts the quarantined rows of each endpoint that has any.
    select
        sum(g.unexpected_rows) filter (where g.check_id = 'quarantine_share') as quarantined,
        count(*) filter (where not g.success) as failed_checks
    from monitor.result as g
    where g.load_id = any(r.loads) and (not g.success or g.check_id = 'quarantine_share')
) as f on true
order by r.release_key desc
