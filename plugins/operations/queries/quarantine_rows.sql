-- Quarantined rows and values: those of the newest checked load of each scope, or of all loads of one. A load
-- that landed the same has those of the load that it equals.
select
    q.kind,
    q.source,
    q.scope,
    q.release_version,
    q.endpoint,
    q.row_number,
    q.rule,
    q.field,
    q.value,
    -- Not q.received, and no query stands before this one: so it is read of those rows alone that are shown.
    case q.kind
        when 'row'
            then (
                select r.row from monitor.quarantine as r
                where r.quarantine_id = q.number
            )
        else (
            select v.key from monitor.quarantined_value as v
            where v.value_id = q.number
        )
    end as received,
    q.quarantined_at,
    q.number
from part.quarantined as q
where
    q.load_id = any(array(
        select c.checked_as
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
    ))
    and (cast(:kind as text) is null or q.kind = :kind)
    and (cast(:endpoint as text) is null or q.endpoint = :endpoint)
    and (cast(:rule as text) is null or q.rule = :rule or :rule = any(string_to_array(q.rule, ',')))
    and (cast(:field as text) is null or q.field = :field)
    and (cast(:value as text) is null or q.value = :value)
    and (
        cast(:search as text) is null
        or strpos(lower(concat_ws(' ', q.scope, q.rule, q.field, q.value)), lower(:search)) > 0
        or strpos(lower(cast(q.received as text)), lower(:search)) > 0
    )
