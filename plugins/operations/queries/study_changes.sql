-- What publishing a load changed, per table of the star, of the tables that have rows.
select
    c.relation,
    c.added,
    c.corrected,
    c.withdrawn,
    c.unchanged,
    c.distinct_keys
from monitor.release_change as c
where c.load_id = :load
order by c.relation
