-- Sources that no run compared with the warehouse for longer than their limit. One that never had a run is
-- not overdue: it is not in use yet.
select
    concat_ws(
        '/', s.source, to_char(coalesce(r.compared_at, r.began_at) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI')
    ) as subject,
    s.source,
    cast('{}' as text[]) as scopes,
    cast(null as text) as release_version,
    cast(null as text) as run_id,
    case
        when r.compared_at is null
            then
                format(
                    'No run of %s has succeeded since its first on %s UTC, which is more than %s hours',
                    s.dag_id,
                    to_char(r.began_at at time zone 'utc', 'YYYY-MM-DD HH24:MI'), s.freshness_hours
                )
        else format(
            'The last run of %s that compared %s with the warehouse ended on %s UTC, more than %s hours ago',
            s.dag_id, s.source, to_char(r.compared_at at time zone 'utc', 'YYYY-MM-DD HH24:MI'),
            s.freshness_hours
        )
    end as cause,
    now() as happened_at
from
    jsonb_to_recordset(cast(:sources as jsonb))
        as s (source text, dag_id text, freshness_hours double precision)
cross join
    lateral (
        select
            max(h.ended_at) filter (where h.state in ('success', 'partial')) as compared_at,
            min(h.started_at) as began_at
        from ops.run as h
        where h.dag_id = s.dag_id
    ) as r
where
    s.freshness_hours is not null
    and coalesce(r.compared_at, r.began_at) < now() - make_interval(secs => s.freshness_hours * 3600)
