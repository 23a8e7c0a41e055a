-- Keys whose end was near when the newest run of a DAG began, or that are over by now.
select
    'key' as kind,
    cast(null as text) as of_source,
    cast(null as text) as of_scope,
    r.dag_id || ': the API key of its connection '
    || case when r.key_expires_at > now() then 'expires' else 'expired' end || ' on '
    || to_char(r.key_expires_at at time zone 'utc', 'YYYY-MM-DD HH24:MI') || ' UTC' as cause,
    r.run_id,
    r.started_at as first_seen,
    r.started_at as last_seen,
    cast(null as timestamptz) as mended_at
from (
    select distinct on (k.dag_id)
        k.dag_id,
        k.run_id,
        k.started_at,
        k.key_expires_at
    from monitor.run as k
    order by k.dag_id asc, k.started_at desc
) as r
where r.key_expires_at < now() + interval '7 days'
