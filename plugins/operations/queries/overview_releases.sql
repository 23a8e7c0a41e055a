-- The newest releases of a source: what each changed, what it left in quarantine, how soon it was published.
with releases as (
    select
        l.release_key,
        min(l.release_version) as release_version,
        min(l.release_date) as release_date,
        count(distinct l.scope) as scopes,
        array_agg(l.load_id) filter (where l.same_as is null) as loads,
        min(l.changed_at) as published_at,
        -- A load that landed the same as another changed nothing.
        sum(g.facts_added) as added,
        sum(g.facts_corrected) as corrected,
        sum(g.facts_withdrawn) as withdrawn
    from monitor.load as l
    left join monitor.ledger as g on l.load_id = g.load_id and l.same_as is null
    where l.source = :source and l.state = 'published'
    group by l.release_key
    order by l.release_key desc
    limit :most
)

select
    r.release_version,
    r.scopes,
    cast(coalesce(r.added, 0) as bigint) as added,
    cast(coalesce(r.corrected, 0) as bigint) as corrected,
    cast(coalesce(r.withdrawn, 0) as bigint) as withdrawn,
    cast(coalesce(f.quarantined, 0) as bigint) as quarantined,
    coalesce(f.failed_checks, 0) as failed_checks,
    greatest(0, extract(day from r.published_at - r.release_date)) as days_after
from releases as r
left join lateral (
    -- The check counts the quarantined rows of each endpoint that has any.
    select
        sum(g.unexpected_rows) filter (where g.check_id = 'quarantine_share') as quarantined,
        count(*) filter (where not g.success) as failed_checks
    from monitor.result as g
    where g.load_id = any(r.loads) and (not g.success or g.check_id = 'quarantine_share')
) as f on true
order by r.release_key desc
