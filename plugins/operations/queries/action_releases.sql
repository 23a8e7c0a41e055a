-- Releases that a rewind of scopes can keep: those at which one of them was captured, without the newest.
select distinct
    l.release_version,
    l.release_key
from monitor.load as l
where
    l.source = :source
    and l.scope = any(cast(:scopes as text[]))
    and l.state = 'published'
    and l.release_key < (
        select max(m.release_key)
        from monitor.load as m
        where m.source = :source and m.scope = any(cast(:scopes as text[])) and m.state = 'published'
    )
order by l.release_key desc
