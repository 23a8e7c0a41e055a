-- Releases of a source that scopes were captured at, the newest first.
select
    l.release_version,
    c.release_key
from monitor.capture as c
inner join monitor.load as l on c.load_id = l.load_id
where c.source = :source and l.source = :source
group by c.release_key, l.release_version
order by c.release_key desc
limit 500
