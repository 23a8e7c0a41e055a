-- By how many rows each release of a source made some tables of the star longer.
select
    p.release_key,
    l.release_version,
    c.relation,
    cast(sum(c.added - c.withdrawn) as bigint) as more
from monitor.release_change as c
inner join monitor.capture as p on c.load_id = p.load_id
inner join monitor.load as l on p.load_id = l.load_id
where
    p.source = :source and l.source = :source
    and c.relation = any(cast(:relations as text[]))
    and c.load_id = any(
        array(
            select i.load_id from monitor.load as i
            where i.source = :source and i.same_as is null and i.state = 'published'
        )
    )
group by p.release_key, l.release_version, c.relation
order by p.release_key asc
