-- What the replay of a dry run would change, per table of the star.
select
    c.relation,
    sum(c.added) as added,
    sum(c.corrected) as corrected,
    sum(c.withdrawn) as withdrawn,
    sum(c.unchanged) as unchanged
from monitor.dry_run_change as c
where c.run_id = :run
group by c.relation
order by c.relation
