-- Hosts that no request is sent to after they failed repeatedly, or to which one goes as a trial.
select
    'circuit' as kind,
    cast(null as text) as of_source,
    cast(null as text) as of_scope,
    c.host || ': the circuit is ' || c.state || ' after ' || c.failures || ' failures in a row'
    || coalesce(', the last: ' || c.error, '') as cause,
    cast(null as text) as run_id,
    c.opened_at as first_seen,
    c.opened_at as last_seen,
    cast(null as timestamptz) as mended_at
from monitor.circuit as c
where c.state <> 'closed'
