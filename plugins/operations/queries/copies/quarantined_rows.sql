-- Rows quarantined by the check, as received. As a member of warehouse_loader or warehouse_owner.
select
    q.scope,
    q.release_version,
    q.row_number,
    q.rule,
    q.row
from quality.quarantine as q
where
    :check_id = any(string_to_array(q.rule, ', '))
    and q.endpoint = :endpoint
    and q.source = :source
order by q.quarantine_id desc
limit 1000
