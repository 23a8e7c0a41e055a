-- Keys that the newest load of a scope lacked or had beyond those declared, while the load before it by the
-- same route did not, nor any load of the source by an earlier run: by run and source.
with staged as (
    select
        l.source,
        l.scope,
        l.load_id,
        l.run_id,
        l.route,
        l.release_version,
        l.changed_at,
        lag(l.load_id) over per_scope as load_before,
        row_number() over (partition by l.source, l.scope order by l.load_id desc) as place
    from ops.load as l
    where l.state in ('staged', 'checked', 'published')
    window per_scope as (partition by l.source, l.scope, l.route order by l.load_id)
),

first_seen as (
    select
        l.source,
        d.endpoint,
        d.field,
        d.kind,
        min(d.load_id) as load_id
    from ops.drift as d
    inner join ops.load as l on d.load_id = l.load_id
    group by l.source, d.endpoint, d.field, d.kind
),

drifted as (
    select
        s.source,
        s.scope,
        s.run_id,
        s.release_version,
        s.changed_at,
        d.endpoint,
        d.field,
        d.kind
    from first_seen as n
    inner join ops.load as f on n.load_id = f.load_id
    inner join staged as s on f.source = s.source and f.run_id = s.run_id
    inner join ops.drift as d
        on
            s.load_id = d.load_id and n.endpoint = d.endpoint and n.field = d.field
            and n.kind = d.kind
    where s.place = 1 and s.load_before is not null
)

select
    concat_ws('/', run_id, source) as subject,
    source,
    array_agg(distinct scope order by scope) as scopes,
    case when count(distinct release_version) = 1 then min(release_version) end as release_version,
    run_id,
    'Not seen in an earlier load: '
    || string_agg(distinct format('%s %s (%s)', endpoint, field, kind), ', ') as cause,
    max(changed_at) as happened_at
from drifted
group by run_id, source
