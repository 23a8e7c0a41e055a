-- Scopes and releases that a replay would not publish whole, with the reason.
select
    d.scope,
    d.release_version,
    d.state,
    d.reason
from ops.dry_run as d
where d.run_id = :run and d.reason is not null
order by length(d.scope), d.scope, d.release_key
