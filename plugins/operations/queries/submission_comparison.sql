-- What one submission's files would change, counted by table, column and outcome.
select
    c.table_name,
    c.column_name,
    c.outcome,
    c.value_count,
    c.relation,
    c.release_version,
    c.compared_at
from monitor.submission_comparison as c
where c.submission_id = :submission
order by c.table_name, c.column_name, c.outcome
