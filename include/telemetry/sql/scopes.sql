-- Scopes of each source by state.
select
    source,
    state,
    count(*) as scopes
from monitor.scope
group by source, state
order by source, state;
