-- Scopes of each source whose newest load failed.
select
    l.source,
    count(*) as failures
from (
    select distinct on (source, scope)
        source,
        state
    from monitor.load
    order by source asc, scope asc, load_id desc
) as l
where l.state = 'failed'
group by l.source
order by l.source;
