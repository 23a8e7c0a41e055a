-- Scopes that a run could not load or left on hold.
select
    w.source,
    w.scope
from monitor.work as w
left join monitor.load as l on w.load_id = l.load_id
where w.run_id = :run and (w.action = 'hold' or l.state = 'failed')
order by w.source asc, length(w.scope) asc, w.scope asc
limit 500
