-- What releases after one brought to scopes: rows that a rewind to it removes.
select
    count(distinct l.load_id) as loads,
    coalesce(sum(c.added + c.corrected), 0) as versions,
    coalesce(sum(c.withdrawn), 0) as ends
from monitor.load as l
inner join monitor.release_change as c on l.load_id = c.load_id
where
    l.source = :source
    and l.scope = any(cast(:scopes as text[]))
    and l.state = 'published'
    and l.release_key > (
        select max(k.release_key) from monitor.load as k
        where k.source = :source and k.release_version = cast(:release as text)
    )
