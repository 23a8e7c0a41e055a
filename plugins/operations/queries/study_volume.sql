-- Rows of a scope in each table of the star, at each release that it was captured at.
select
    l.release_key,
    l.release_version,
    c.relation,
    c.added + c.corrected + c.unchanged as row_count
from monitor.capture as p
inner join monitor.load as l on p.load_id = l.load_id
inner join monitor.release_change as c on l.load_id = c.load_id
where
    p.source = :source and p.scope = :scope and p.kind = 'full'
    and l.source = :source and l.scope = :scope
    and c.load_id = any(
        array(
            select i.load_id from monitor.capture as i
            where i.source = :source and i.scope = :scope
        )
    )
    and c.added + c.corrected + c.unchanged > 0
order by l.release_key, c.relation
