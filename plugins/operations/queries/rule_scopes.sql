-- Scopes whose newest checked load breaks a check, with what was found.
with newest as materialized (
    select c.* from part.newest_checked as c
    where cast(:source as text) is null or c.source = :source
)

select
    n.source,
    n.scope,
    l.release_version,
    l.state,
    r.severity,
    r.unexpected_rows as rows,
    r.detail,
    l.changed_at
from newest as n
inner join monitor.result as r on n.checked_as = r.load_id
inner join monitor.load as l on n.load_id = l.load_id
where
    not r.success
    and r.load_id = any(array(select w.checked_as from newest as w))
    and r.check_id = cast(:check_id as text)
    and r.endpoint = cast(:endpoint as text)
    and (cast(:search as text) is null or strpos(lower(n.scope), lower(:search)) > 0)
