-- Rows of each fact in the newest publish of each study.
with newest as (
    select distinct on (scope)
        scope,
        load_id
    from monitor.load
    where source = 'immport' and state = 'published'
    order by scope asc, release_key desc, load_id desc
)

select
    replace(c.relation, 'fact_', '') as assay,
    cast(sum(c.added + c.corrected + c.unchanged) as bigint) as fact_rows
from newest as n
inner join monitor.release_change as c on n.load_id = c.load_id
where starts_with(c.relation, 'fact') and c.load_id = any(array(select w.load_id from newest as w))
group by c.relation
having sum(c.added + c.corrected + c.unchanged) > 0
order by fact_rows desc
