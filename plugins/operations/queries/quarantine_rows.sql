-- Quarantined rows and values that a reader chose or looks for.
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
    q.load_id = any(cast(:chosen as bigint[]))
    and (cast(:search as text) is null or q.load_id <> all(cast(:passed_over as bigint[])))
    and (cast(:kind as text) is null or q.kind = :kind)
    and (cast(:endpoint as text) is null or q.endpoint = :endpoint)
    and (cast(:rule as text) is null or q.rule = :rule or :rule = any(string_to_array(q.rule, ', ')))
    and (cast(:field as text) is null or q.field = :field)
    and (cast(:value as text) is null or q.value = :value)
    and (
        cast(:search as text) is null
        or strpos(lower(concat_ws(' ', q.scope, q.rule, q.field, q.value)), lower(:search)) > 0
        or q.load_id <> all(cast(:unread as bigint[]))
        and strpos(lower(cast(q.received as text)), lower(:search)) > 0
    )
