-- Hosts that failed.
select
    host,
    state,
    openings
from monitor.circuit
order by host;
