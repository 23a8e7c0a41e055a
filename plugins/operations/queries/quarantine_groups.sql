-- Quarantined rows by rule, and values by rule and text, of the loads that the reader chose: the most first.
select
    g.kind,
    g.source,
    g.rule,
    g.endpoint,
    g.field,
    g.value,
    cast(sum(g.items) as bigint) as rows,
    -- To count different ones would sort them; of each scope there is one load, but where one is chosen.
    case when cast(:scope as text) is null then count(*) else 1 end as scopes
from monitor.quarantine_group as g
where
    g.load_id = any(cast(:chosen as bigint[]))
    and (cast(:kind as text) is null or g.kind = :kind)
    and (cast(:endpoint as text) is null or g.endpoint = :endpoint)
    and (cast(:rule as text) is null or g.rule = :rule or :rule = any(string_to_array(g.rule, ', ')))
    and (cast(:field as text) is null or g.field = :field)
    and (cast(:value as text) is null or g.value = :value)
group by g.kind, g.source, g.rule, g.endpoint, g.field, g.value
order by sum(g.items) desc, g.rule asc, g.endpoint asc, g.field asc, g.value asc
limit 20
