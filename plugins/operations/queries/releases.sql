-- Each release of a source: when it was seen, when it was loaded, and what became of its scopes.
with loads as materialized (
    select
        l.load_id,
        l.scope,
        l.release_key,
        l.release_version,
        l.release_date,
        l.state,
        l.same_as
    from monitor.load as l
    where l.source = coalesce(cast(:source as text), 'immport')
),

captures as materialized (
    select
        c.load_id,
        c.kind,
        c.captured_at
    from monitor.capture as c
    where c.source = coalesce(cast(:source as text), 'immport')
),

seen as (
    select
        r.newest_release,
        min(r.started_at) as seen_at
    from monitor.run as r
    where r.newest_release is not null
    group by r.newest_release
),

published as (
    select distinct
        i.scope,
        i.release_key
    from loads as i
    inner join captures as k on i.load_id = k.load_id
),

counted as (
    select
        l.release_key,
        l.release_version,
        max(l.release_date) as release_date,
        min(c.captured_at) as loaded_at,
        max(c.captured_at) as last_loaded_at,
        count(distinct l.scope) filter (where c.kind = 'full' and l.same_as is null) as loaded,
        count(distinct l.scope) filter (where c.kind = 'full' and l.same_as is not null) as unchanged,
        count(distinct l.scope) filter (where c.kind = 'withdrawn') as withdrawn,
        count(distinct l.scope) filter (where l.state = 'failed' and c.load_id is null and p.scope is null)
            as failed
    from loads as l
    left join captures as c on l.load_id = c.load_id
    left join published as p on l.scope = p.scope and l.release_key = p.release_key
    group by l.release_key, l.release_version
)

select
    coalesce(cast(:source as text), 'immport') as source, -- noqa: RF04
    c.release_key,
    c.release_version,
    c.release_date,
    s.seen_at,
    c.loaded_at,
    c.last_loaded_at,
    c.loaded,
    c.unchanged,
    c.withdrawn,
    c.failed
from counted as c
left join seen as s on c.release_version = s.newest_release
where cast(:search as text) is null or strpos(lower(c.release_version), lower(cast(:search as text))) > 0
