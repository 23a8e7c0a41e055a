-- The load of each scope whose checks are the last word on it: of its newest release the newest that was
-- checked. An aggregate finds it in a third of the time that sorting all loads takes.
select
    l.source,
    l.scope,
    (max(array[l.release_key, l.load_id, coalesce(l.same_as, l.load_id)]))[2] as load_id,
    (max(array[l.release_key, l.load_id, coalesce(l.same_as, l.load_id)]))[3] as checked_as
from monitor.load as l
where
    l.state in ('checked', 'published')
    or l.state = 'failed' and (
        -- Not `exists`, for which all results would be hashed.
        select true from monitor.result as r
        where r.load_id = l.load_id
        order by r.load_id
        limit 1
    )
group by l.source, l.scope
