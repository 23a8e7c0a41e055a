-- The severity with which a check of an endpoint failed last.
select r.severity
from monitor.result as r
inner join monitor.load as l on r.load_id = l.load_id
where
    not r.success and r.check_id = :check_id and r.endpoint = :endpoint and l.source = :source
order by r.load_id desc
limit 1
