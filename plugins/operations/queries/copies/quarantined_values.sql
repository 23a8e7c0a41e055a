-- Values that break the check, with keys of their rows. As a member of warehouse_loader or warehouse_owner.
select
    v.scope,
    v.release_version,
    v.row_number,
    v.field,
    v.value,
    v.key
from quality.quarantined_value as v
where
    v.rule = :check_id
    and v.endpoint = :endpoint
    and v.source = :source
order by v.value_id desc
limit 1000
