-- Scopes that break the check, newest releases first. As a member of warehouse_loader or warehouse_owner.
select
    l.source,
    l.scope,
    l.release_version,
    l.state,
    r.unexpected_rows,
    r.detail
from quality.result as r
inner join ops.load as l on r.load_id = coalesce(l.same_as, l.load_id)
where
    not r.success
    and r.check_id = :check_id
    and r.endpoint = :endpoint
    and l.source = :source
order by l.release_key desc, r.unexpected_rows desc
