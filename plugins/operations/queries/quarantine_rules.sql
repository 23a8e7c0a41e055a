-- Rules by which rows or values were quarantined in any load: as the results of their checks have them.
select distinct r.check_id
from monitor.result as r
where not r.success and r.severity in ('row', 'value')
order by r.check_id
