-- Scopes whose newest published load has a share of quarantined rows that rose by so many points against the
-- load before it, or withholds an endpoint that the load before did not: by run and source.
with numbered as (
    select
        l.source,
        l.scope,
        l.load_id,
        l.release_version,
        l.run_id,
        l.changed_at,
        coalesce(l.same_as, l.load_id) as checked_as,
        row_number()
            over (partition by l.source, l.scope order by l.release_key desc, l.load_id desc)
            as place
    from ops.load as l
    where
        l.state = 'published'
        and not exists (
            select 1 from ops.work as w
            where w.load_id = l.load_id and w.action = 'withdraw'
        )
),

counted as (
    select
        n.*,
        coalesce((
            select sum(s.rows_received) from ops.staged as s
            where s.load_id = n.checked_as
        ), 0)
            as received,
        coalesce((
            select sum(q.unexpected_rows) from quality.result as q
            where q.load_id = n.checked_as and q.check_id = 'quarantine_share'
        ), 0)
            as quarantined
    from numbered as n
    where n.place <= 2
),

compared as (
    select
        a.source,
        a.scope,
        a.release_version,
        a.run_id,
        a.changed_at,
        a.received,
        a.quarantined,
        b.quarantined as quarantined_before,
        100.0 * a.quarantined / greatest(a.received, 1) as share,
        100.0 * b.quarantined / greatest(b.received, 1) as share_before,
        (
            select string_agg(s.endpoint, ', ' order by s.endpoint)
            from ops.staged as s
            where s.load_id = a.checked_as and s.withheld is not null and not exists (
                select 1
                from ops.staged as e
                where e.load_id = b.checked_as and e.endpoint = s.endpoint and e.withheld is not null
            )
        ) as withheld
    from counted as a
    inner join counted as b on a.source = b.source and a.scope = b.scope and b.place = 2
    where a.place = 1
),

regressed as (
    select
        c.*,
        concat_ws(
            '; ',
            case when c.share - c.share_before >= :quality_points then format(
                '%s of %s rows are quarantined (%s %%), %s before (%s %%)', c.quarantined, c.received,
                round(c.share, 1), c.quarantined_before, round(c.share_before, 1)
            ) end,
            'newly withheld: ' || c.withheld
        ) as cause
    from compared as c
    where (c.share - c.share_before >= :quality_points and c.quarantined > 0) or c.withheld is not null
)

select
    concat_ws('/', run_id, source) as subject,
    source,
    array_agg(scope order by scope) as scopes,
    case when count(distinct release_version) = 1 then min(release_version) end as release_version,
    run_id,
    case
        when count(*) = 1 then min(cause)
        else format(
            '%s are worse than at the load before; %s: %s', count(*), min(scope),
            (array_agg(cause order by scope))[1]
        )
    end as cause,
    max(changed_at) as happened_at
from regressed
group by run_id, source
