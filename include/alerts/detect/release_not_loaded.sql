-- The newest release that a source lists, hours after a run saw it first, while scopes that are at it are not
-- published at it. Of sources that have releases.
with sources as (
    select
        s.source,
        s.dag_id
    from jsonb_to_recordset(cast(:sources as jsonb)) as s (source text, dag_id text, has_releases boolean)
    where s.has_releases
),

newest as (
    select distinct on (s.source)
        s.source,
        s.dag_id,
        r.newest_release
    from sources as s
    inner join ops.run as r on s.dag_id = r.dag_id
    where r.newest_release is not null
    order by s.source asc, r.started_at desc
),

seen as (
    select
        n.source,
        n.newest_release,
        min(r.started_at) as seen_at
    from newest as n
    inner join ops.run as r on n.dag_id = r.dag_id and n.newest_release = r.newest_release
    group by n.source, n.newest_release
),

missing as (
    select distinct on (w.source, w.scope)
        w.source,
        w.scope,
        w.release_version,
        w.run_id,
        w.action,
        coalesce(l.state, '') in ('published', 'retracted') as has_ended
    from seen as s
    inner join ops.work as w on s.source = w.source
    inner join ops.run as r on w.run_id = r.run_id
    left join ops.load as l on w.load_id = l.load_id
    where r.started_at >= s.seen_at and w.action <> 'plan'
    order by w.source asc, w.scope asc, r.started_at desc
)

select
    concat_ws('/', s.source, s.newest_release) as subject,
    s.source,
    array_agg(m.scope order by m.scope) as scopes,
    s.newest_release as release_version,
    max(m.run_id) as run_id,
    format(
        '%s was first listed on %s UTC, and %s at it %s not loaded: %s failed or unfinished, %s on hold',
        s.newest_release, to_char(s.seen_at at time zone 'utc', 'YYYY-MM-DD HH24:MI'), count(*),
        case when count(*) = 1 then 'is' else 'are' end,
        count(*) filter (where m.action <> 'hold'), count(*) filter (where m.action = 'hold')
    ) as cause,
    now() as happened_at
from seen as s
inner join missing as m on s.source = m.source and s.newest_release = m.release_version
where
    s.seen_at < now() - make_interval(hours => :release_hours)
    and (m.action = 'hold' or (m.action = 'load' and not m.has_ended))
group by s.source, s.newest_release, s.seen_at
