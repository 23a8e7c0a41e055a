-- What a person should look at, one line for each cause: scopes that failed alike in several runs are one.
with problems as materialized (
    select * from part.failed_loads
    union all
    select * from part.failed_runs
    union all
    select * from part.holds
    union all
    select * from part.failed_audits
    union all
    select * from part.broken_checks
    union all
    select * from part.open_circuits
    union all
    select * from part.expiring_keys
    union all
    select * from part.missing_releases
),

-- What differs between scopes that failed alike are names and numbers.
alike as (
    select
        p.*,
        p.mended_at is not null as is_mended,
        regexp_replace(replace(p.cause, coalesce(p.scope, ''), '?'), '[0-9]+', '?', 'g') as pattern
    from problems as p
),

of_scopes as (
    select
        a.kind,
        a.source,
        a.scope,
        a.is_mended,
        a.pattern,
        max(a.cause) as cause,
        min(a.first_seen) as first_seen,
        max(a.last_seen) as last_seen,
        max(a.mended_at) as mended_at,
        array_agg(distinct a.run_id) as runs,
        (array_agg(a.run_id order by a.last_seen desc))[1] as run_id
    from alike as a
    group by a.kind, a.source, a.scope, a.is_mended, a.pattern
),

causes as (
    select
        o.kind,
        o.source,
        o.pattern,
        (array_agg(o.cause order by o.last_seen desc, o.scope asc))[1] as cause,
        count(o.scope) as scopes,
        (array_agg(o.scope order by length(o.scope), o.scope))[1:500] as named,
        min(o.first_seen) as first_seen,
        max(o.last_seen) as last_seen,
        max(o.mended_at) as mended_at,
        (array_agg(o.run_id order by o.last_seen desc))[1] as run_id,
        cardinality(array(
            select distinct u.run_id
            from unnest(string_to_array(string_agg(array_to_string(o.runs, ' '), ' '), ' ')) as u (run_id)
        )) as runs,
        o.is_mended
    from of_scopes as o
    group by o.kind, o.source, o.pattern, o.is_mended
)

select
    c.kind,
    c.source,
    c.cause,
    nullif(c.scopes, 0) as scopes,
    nullif(array_to_string(c.named[1:5], ', '), '')
    || case when c.scopes > 5 then ' and others' else '' end as scope_names,
    c.named[1] as scope,
    c.named,
    nullif(c.runs, 0) as runs,
    c.run_id,
    c.first_seen,
    c.last_seen,
    c.mended_at,
    case when c.is_mended then 'mended' else 'open' end as state,
    array_position(
        array[
            'key', 'audit', 'circuit', 'run', 'failed',
            'release', 'withdrawal', 'hold', 'withheld', 'quarantine'
        ], c.kind
    ) * cast(1000000 as bigint) - c.scopes as urgency,
    c.pattern
from causes as c
where
    (
        coalesce(cast(:show as text), 'open') = 'all'
        or (coalesce(:show, 'open') = 'mended') = c.is_mended
    )
    and (cast(:kind as text) is null or c.kind = :kind)
    and (cast(:source as text) is null or c.source = :source)
    and (
        cast(:search as text) is null
        or strpos(lower(concat_ws(' ', c.cause, array_to_string(c.named, ' '))), lower(:search)) > 0
    )
