-- noqa: disable=ST03
-- (its parts read candidates and found)
-- Scopes whose newest decision was to load or withdraw them, and whose load failed: by run, source and cause.
with candidates as materialized (
    select distinct
        w.source,
        w.scope
    from ops.work as w
    left join ops.load as l on w.load_id = l.load_id
    where
        w.action in ('load', 'withdraw')
        and coalesce(l.state, 'planned') not in ('published', 'retracted')
),

found as (
    select
        d.*,
        'failed' as what,
        coalesce(d.error, 'it was not finished') as cause
    from part.newest_decisions as d
    where
        d.action in ('load', 'withdraw')
        and coalesce(d.state, 'planned') not in ('published', 'retracted')
        and coalesce(d.loaded_by, d.run_id) = d.run_id
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
