-- The load that a dry run is compared with: the newest of the scope at the release that was checked, or the
-- one whose checks hold for it. Positions of rows are the same in both where they are made of the same bytes.
select
    c.load_id,
    c.fetch_id = n.fetch_id or c.landed_digest = n.landed_digest as has_same_rows
from ops.load as n
inner join ops.load as l
    on
        n.source = l.source and n.scope = l.scope and n.release_version = l.release_version
        and l.state in ('checked', 'published', 'failed')
inner join ops.load as c on c.load_id = coalesce(l.same_as, l.load_id)
where
    n.load_id = :load
    and exists (
        select from quality.result as r
        where r.load_id = c.load_id
    )
order by l.load_id desc
limit 1
