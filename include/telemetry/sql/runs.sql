-- The newest run of each DAG, and when one last ended well.
select distinct on (r.dag_id)
    r.dag_id,
    r.state,
    r.started_at,
    r.ended_at,
    max(r.ended_at) filter (where r.state = 'success') over (partition by r.dag_id) as succeeded_at
from monitor.run as r
order by r.dag_id asc, r.started_at desc;
