-- Checks of the audit that stored rows break. An audit that no longer finds them mends it.
with audits as materialized (
    select
        r.run_id,
        r.started_at
    from monitor.run as r
    where
        (
            select true from monitor.audit as a
            where a.run_id = r.run_id
            order by a.run_id
            limit 1
        )
)

select
    'audit' as kind,
    cast(null as text) as of_source,
    a.relation as scope,
    a.check_id || ' of ' || a.relation || ': ' || a.detail
    || case when a.severity = 'critical' then '' else ' (a warning)' end as cause,
    a.run_id,
    a.checked_at as first_seen,
    a.checked_at as last_seen,
    (
        select min(n.started_at)
        from audits as n
        where
            n.started_at > a.checked_at
            and n.run_id not in (
                select b.run_id from monitor.audit as b
                where b.failed_rows > 0 and b.check_id = a.check_id and b.relation = a.relation
            )
    ) as mended_at
from monitor.audit as a
where a.failed_rows > 0
