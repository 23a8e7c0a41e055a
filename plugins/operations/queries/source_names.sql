-- Sources of which the warehouse has a load.
select distinct l.source
from monitor.load as l
order by l.source
