-- noqa: disable=ST03
-- (its parts read candidates and found)
-- Scopes whose newest decision is to hold them: by run, source and reason.
with candidates as materialized (
    select distinct
        w.source,
        w.scope
    from ops.work as w
    where w.action = 'hold'
),

found as (
    select
        d.*,
        'are on hold' as what,
        d.reason as cause
    from part.newest_decisions as d
    where d.action = 'hold'
)

select
    subject,
    source,
    scopes,
    release_version,
    run_id,
    cause,
    happened_at
from part.events_by_cause
