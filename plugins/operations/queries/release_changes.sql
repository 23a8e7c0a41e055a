-- What publishing the scopes of a source changed after one release, up to another: per table of the star.
with captures as (
    select p.load_id
    from monitor.capture as p
    where
        p.source = :source and p.release_key > :after and p.release_key <= :until
        and (cast(:scope as text) is null or p.scope = cast(:scope as text))
)

select
    c.relation,
    cast(sum(c.added) as bigint) as added,
    cast(sum(c.corrected) as bigint) as corrected,
    cast(sum(c.withdrawn) as bigint) as withdrawn,
    cast(sum(c.unchanged) as bigint) as unchanged
from monitor.release_change as c
where c.load_id = any(array(select p.load_id from captures as p))
group by c.relation
having sum(c.added + c.corrected + c.withdrawn + c.unchanged) > 0
order by c.relation
