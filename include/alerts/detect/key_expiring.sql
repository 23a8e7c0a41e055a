-- Keys that expire soon: the nearest of the thresholds that is reached, 0 for a key that has expired.
select
    concat_ws('/', k.conn_id, to_char(k.expires_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI'), d.reached)
        as subject,
    k.source,
    cast('{}' as text[]) as scopes,
    cast(null as text) as release_version,
    cast(null as text) as run_id,
    format(
        'The API key of the connection %s %s on %s UTC', k.conn_id,
        case d.reached when 0 then 'expired' else 'expires in less than ' || d.reached || ' days,' end,
        to_char(k.expires_at at time zone 'utc', 'YYYY-MM-DD HH24:MI')
    ) as cause,
    now() as happened_at
from jsonb_to_recordset(cast(:keys as jsonb)) as k (conn_id text, source text, expires_at timestamptz)
cross join
    lateral (
        select min(t.limit_days) as reached
        from unnest(cast(:key_days as integer[])) as t (limit_days)
        where k.expires_at <= now() + make_interval(days => t.limit_days)
    ) as d
where d.reached is not null
