-- Newest runs of their DAGs that failed, where no scope and no check of the audit says why. One that a failed
-- task has reported stays while the record of its run is open.
with newest as (
    select distinct on (r.dag_id)
        r.run_id,
        r.dag_id,
        r.state,
        r.note,
        r.newest_release,
        coalesce(r.ended_at, r.started_at) as happened_at
    from ops.run as r
    order by r.dag_id asc, r.started_at desc
)

select
    n.run_id as subject,
    cast(null as text) as source,
    cast('{}' as text[]) as scopes,
    n.newest_release as release_version,
    n.run_id,
    format('%s failed: %s', n.dag_id, coalesce(n.note, 'discovery did not finish, nothing was decided'))
        as cause,
    n.happened_at
from newest as n
where (
    n.state = 'failed' and not exists (
        select 1
        from ops.alert as a
        where a.run_id = n.run_id and a.alert_type = any(:explaining)
    )
) or (
    n.state <> 'success' and exists (
        select 1
        from ops.alert as a
        where a.event_key = 'run_failed/' || n.run_id
    )
)
