-- Keys that answers lacked, had beyond those declared, or had twice: of the newest load of each scope.
with newest as materialized (
    select
        l.source,
        l.scope,
        (max(array[l.release_key, l.load_id]))[2] as load_id
    from monitor.load as l
    where
        l.state in ('staged', 'checked', 'published')
        and (cast(:source as text) is null or l.source = :source)
    group by l.source, l.scope
)

select
    n.source,
    d.endpoint,
    d.field,
    d.kind,
    count(*) as scopes,
    cast(sum(d.rows) as bigint) as rows,
    min(n.scope) as scope
from newest as n
inner join monitor.drift as d on n.load_id = d.load_id
where
    d.load_id = any(array(select w.load_id from newest as w))
    and (cast(:kind as text) is null or d.kind = :kind)
    and (
        cast(:search as text) is null
        or strpos(lower(d.endpoint || ' ' || d.field), lower(:search)) > 0
    )
group by n.source, d.endpoint, d.field, d.kind
