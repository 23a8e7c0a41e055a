-- Scopes of a source whose newest checked load at any release quarantined rows or values by a check.
with newest as (
    select distinct on (l.scope, l.release_version)
        l.scope,
        coalesce(l.same_as, l.load_id) as checked_as
    from ops.load as l
    where
        l.source = :source
        and l.state in ('checked', 'published', 'failed')
        and exists (
            select from quality.result as r
            where r.load_id = coalesce(l.same_as, l.load_id)
        )
    order by l.scope asc, l.release_version asc, l.load_id desc
)

select distinct n.scope
from newest as n
where
    exists (
        select from quality.quarantine as q
        where q.load_id = n.checked_as and :rule = any(string_to_array(q.rule, ', '))
    )
    or exists (
        select from quality.quarantined_value as v
        where v.load_id = n.checked_as and v.rule = :rule
    )
