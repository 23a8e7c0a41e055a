-- The newest releases that were loaded of a source, with their days.
select
    c.release_key,
    l.release_version,
    max(l.release_date) as release_date,
    max(c.captured_at) as loaded_at
from monitor.capture as c
inner join monitor.load as l on c.load_id = l.load_id
where c.source = cast(:source as text) and l.source = cast(:source as text) and c.kind = 'full'
group by c.release_key, l.release_version
order by c.release_key desc
limit 13
