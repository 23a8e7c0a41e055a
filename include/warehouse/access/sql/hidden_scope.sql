-- Scopes that are not open to everybody, for who does not see all.
select
    c.source,
    c.scope
from ops.closed_scope as c
-- Of who asks, as logged in or set; the role may be missing.
where
    not (
        select coalesce(pg_has_role(current_user, to_regrole('warehouse_monitor_restricted'), 'usage'), false)
    );
