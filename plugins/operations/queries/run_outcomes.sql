-- How many scopes a run decided what about, and how they ended.
select
    w.action,
    l.state,
    count(*) as scopes
from monitor.work as w
left join monitor.load as l on w.load_id = l.load_id
where w.run_id = :run
group by w.action, l.state
order by w.action, l.state
