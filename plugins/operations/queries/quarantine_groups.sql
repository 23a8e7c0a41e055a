-- Quarantined rows by rule, and values by rule and text, of the newest checked load of each scope: the most
-- first.
with newest as materialized (
    select c.checked_as
    from part.newest_checked as c
    where
        (cast(:source as text) is null or c.source = :source)
        and (cast(:scope as text) is null or c.scope = :scope)
),

-- By load first: to count different scopes of all rows would sort them.
of_loads as materialized (
    select
        q.load_id,
        q.kind,
        q.source,
        q.rule,
        q.endpoint,
        q.field,
        q.value,
        count(*) as rows
    from part.quarantined as q
    where
        q.load_id = any(array(select n.checked_as from newest as n))
        and (cast(:kind as text) is null or q.kind = :kind)
        and (cast(:endpoint as text) is null or q.endpoint = :endpoint)
        and (cast(:rule as text) is null or q.rule = :rule or :rule = any(string_to_array(q.rule, ',')))
        and (cast(:field as text) is null or q.field = :field)
    group by q.load_id, q.kind, q.source, q.rule, q.endpoint, q.field, q.value
)

select
    o.kind,
    o.source,
    o.rule,
    o.endpoint,
    o.field,
    o.value,
    cast(sum(o.rows) as bigint) as rows,
    count(*) as scopes
from of_loads as o
group by o.kind, o.source, o.rule, o.endpoint, o.field, o.value
order by sum(o.rows) desc, o.rule asc, o.endpoint asc, o.field asc, o.value asc
limit 20
