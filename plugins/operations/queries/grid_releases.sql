-- The newest releases of a source of which there are loads, up to one of them.
select
    l.release_key,
    l.release_version
from monitor.load as l
where l.source = :source
group by l.release_key, l.release_version
having
    cast(:until as text) is null
    or l.release_key <= (
        select max(u.release_key)
        from monitor.load as u
        where u.source = :source and u.release_version = cast(:until as text)
    )
order by l.release_key desc
limit 16
