-- Endpoints with a failed check in any load.
select distinct r.endpoint
from monitor.result as r
where not r.success
order by r.endpoint
