-- What the newest publish of each study, or of another source's scope, changed in the star, per table.
with newest as (
    select
        l.load_id,
        l.source,
        l.scope,
        c.kind,
        row_number() over (
            partition by l.source, l.scope order by l.published_at desc, l.load_id desc
        ) as recency
    from ops.ledger as l
    inner join ops.capture as c on l.load_id = c.load_id
)

select
    n.source,
    n.scope,
    case n.kind when 'withdrawn' then 'no longer shared' else o.release_version end as data_release,
    d.relation as star_table,
    d.added,
    d.corrected,
    d.withdrawn,
    d.unchanged
from newest as n
inner join ops.release_change as d on n.load_id = d.load_id
inner join ops.load as o on n.load_id = o.load_id
where n.recency = 1 and d.added + d.corrected + d.withdrawn > 0
order by n.source, length(n.scope), n.scope, d.relation;
