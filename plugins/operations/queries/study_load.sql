-- A load of a scope, by its number.
select
    l.load_id,
    l.source,
    l.scope,
    l.release_version,
    l.fetch_id,
    l.state
from monitor.load as l
where l.source = :source and l.scope = :scope and l.load_id = :load
