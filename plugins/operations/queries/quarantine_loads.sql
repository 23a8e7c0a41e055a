-- The loads whose quarantine a reader looks at: the newest checked load of each scope, or all loads of one;
-- of a load that landed the same, the load that it equals. Which of them a search leaves out: as received, it
-- reads the rows of a single scope, or else the newest ones; of the others, those that a group names.
with chosen as materialized (
    select c.checked_as as load_id
    from part.newest_checked as c
    where
        (coalesce(cast(:loads as text), '') <> 'all' or cast(:scope as text) is null)
        and (cast(:source as text) is null or c.source = :source)
        and (cast(:scope as text) is null or c.scope = :scope)
    union all
    select l.load_id
    from monitor.load as l
    where
        coalesce(cast(:loads as text), '') = 'all'
        and cast(:scope as text) is not null
        and (cast(:source as text) is null or l.source = :source)
        and (cast(:scope as text) is null or l.scope = :scope)
),

counted as materialized (
    select
        g.load_id,
        sum(g.items) as items,
        cast(:scope as text) is not null or cast(:searched as bigint) is null
        or sum(sum(g.items)) over (order by g.load_id desc) - sum(g.items) < :searched as is_read,
        bool_or(strpos(lower(concat_ws(' ', g.scope, g.rule, g.field, g.value)), lower(:search)) > 0)
            as is_named
    from monitor.quarantine_group as g
    where
        g.load_id = any(array(select c.load_id from chosen as c))
        and (cast(:kind as text) is null or g.kind = :kind)
        and (cast(:endpoint as text) is null or g.endpoint = :endpoint)
        and (cast(:rule as text) is null or g.rule = :rule or :rule = any(string_to_array(g.rule, ', ')))
        and (cast(:field as text) is null or g.field = :field)
        and (cast(:value as text) is null or g.value = :value)
    group by g.load_id
)

select
    array(select c.load_id from chosen as c) as chosen,
    array(
        select n.load_id from counted as n
        where not n.is_read
    ) as unread,
    array(
        select n.load_id from counted as n
        where not n.is_read and not n.is_named
    ) as passed_over,
    cast((select coalesce(sum(n.items), 0) from counted as n) as bigint) as every,
    cast((select coalesce(sum(n.items) filter (where n.is_read), 0) from counted as n) as bigint) as looked_at
