-- Scopes of which the newest published load left a table with so many per cent fewer rows: by run and source.
-- Of ImmPort the facts are looked at; a withdrawal is meant to take rows away.
with newest as (
    select distinct on (l.source, l.scope)
        l.source,
        l.scope,
        l.load_id,
        l.release_version,
        l.run_id,
        l.changed_at
    from ops.load as l
    where l.state = 'published'
    order by l.source asc, l.scope asc, l.release_key desc, l.load_id desc
),

counted as (
    select
        n.source,
        n.scope,
        n.release_version,
        n.run_id,
        n.changed_at,
        c.relation,
        c.withdrawn + c.corrected + c.unchanged as rows_before,
        c.added + c.corrected + c.unchanged as rows_after
    from newest as n
    inner join ops.release_change as c on n.load_id = c.load_id
    where
        (n.source <> 'immport' or c.relation like 'fact%')
        and not exists (
            select 1 from ops.work as w
            where w.load_id = n.load_id and w.action = 'withdraw'
        )
),

fallen as (
    select
        c.source,
        c.scope,
        c.release_version,
        c.run_id,
        max(c.changed_at) as changed_at,
        string_agg(
            format('%s: %s rows, %s before', c.relation, c.rows_after, c.rows_before),
            ', ' order by c.relation
        ) as cause
    from counted as c
    where
        c.rows_before >= :least_rows
        and c.rows_before - c.rows_after >= c.rows_before * cast(:volume_percent as numeric) / 100
    group by c.source, c.scope, c.release_version, c.run_id
)

select
    concat_ws('/', run_id, source) as subject,
    source,
    array_agg(scope order by scope) as scopes,
    case when count(distinct release_version) = 1 then min(release_version) end as release_version,
    run_id,
    case
        when count(*) = 1 then min(cause)
        else format('%s have fewer rows; %s: %s', count(*), min(scope), (array_agg(cause order by scope))[1])
    end as cause,
    max(changed_at) as happened_at
from fallen
group by run_id, source
