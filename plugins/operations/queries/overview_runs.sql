-- The last runs.
select
    run_id,
    dag_id,
    started_at,
    state,
    extract(epoch from coalesce(ended_at, now()) - started_at) as seconds,
    newest_release,
    note
from monitor.run
order by started_at desc
limit 12
