-- The newest run of each DAG, and when one last ended well.
select distinct on (r.dag_id)
    r.dag_id,
    r.state,
    r.started_at,
    r.ended_at,
    (
        select max(s.ended_at) from monitor.run as s
        where s.dag_id = r.dag_id and s.state = 'success'
    ) as succeeded_at
from monitor.run as r
order by r.dag_id asc, r.started_at desc;
