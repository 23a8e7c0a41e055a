-- Hosts that failed repeatedly, with the state of their circuits.
select
    c.host,
    c.state,
    c.failures,
    c.opened_at,
    c.error,
    c.endpoint,
    c.scope
from monitor.circuit as c
order by c.state = 'closed', c.host
