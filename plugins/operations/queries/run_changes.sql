-- What a run changed, per table.
select
    c.relation,
    sum(c.added) as added,
    sum(c.corrected) as corrected,
    sum(c.withdrawn) as withdrawn,
    sum(c.unchanged) as unchanged
from monitor.work as w
inner join monitor.release_change as c on w.load_id = c.load_id
where
    w.run_id = :run
    and c.load_id = any(array(
        select i.load_id from monitor.work as i
        where i.run_id = :run
    ))
group by c.relation
having sum(c.added + c.corrected + c.withdrawn + c.unchanged) > 0
order by c.relation
