-- By how many rows each release of a source made some tables of the star longer.
with loads as materialized (
    select
        p.load_id,
        p.release_key,
        l.release_version
    from monitor.capture as p
    inner join monitor.load as l on p.load_id = l.load_id
    where p.source = :source and l.source = :source and l.same_as is null and l.state = 'published'
),

releases as (
    select distinct
        release_key,
        release_version
    from loads
),

changed as (
    -- By numbers, so that no text is sorted.
    select
        l.release_key,
        c.relation,
        sum(c.added - c.withdrawn) as more
    from monitor.release_change as c
    inner join loads as l on c.load_id = l.load_id
    where
        c.relation = any(cast(:relations as text[]))
        and c.load_id = any(array(select i.load_id from loads as i))
    group by l.release_key, c.relation
)

select
    c.release_key,
    r.release_version,
    c.relation,
    cast(c.more as bigint) as more
from changed as c
inner join releases as r on c.release_key = r.release_key
order by c.release_key asc
