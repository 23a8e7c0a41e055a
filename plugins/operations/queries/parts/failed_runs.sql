-- Runs that failed or did a part of their work, where no load and no check of the audit says why. The error
-- of a task that failed before its run decided anything stands in the alert about it.
with runs as (
    select
        r.run_id,
        r.dag_id,
        r.state,
        r.note,
        r.started_at,
        r.ended_at,
        -- Of the same DAG; backwards, so that the frame only grows: each row is added to it once.
        min(r.started_at) filter (where r.state = 'success') over (
            partition by r.dag_id
            order by r.started_at desc
            rows between unbounded preceding and 1 preceding
        ) as mended_at
    from monitor.run as r
)

select
    'run' as kind,
    cast(null as text) as of_source,
    cast(null as text) as of_scope,
    r.dag_id || ': '
    || coalesce(
        (
            select max(a.cause) from monitor.alert as a
            where a.run_id = r.run_id and a.event_key = 'run_failed/' || r.run_id
        ),
        r.note,
        'the run ended as ' || r.state || '; the log of its failed task says why'
    ) as cause,
    r.run_id,
    r.started_at as first_seen,
    coalesce(r.ended_at, r.started_at) as last_seen,
    r.mended_at
from runs as r
where
    r.state in ('failed', 'partial')
    and r.run_id not in (
        select l.run_id from monitor.load as l
        where l.run_id is not null and l.state not in ('published', 'retracted')
    )
    and r.run_id not in (
        select w.run_id from monitor.work as w
        where w.action = 'hold'
    )
    and r.run_id not in (
        select a.run_id from monitor.audit as a
        where a.failed_rows > 0
    )
