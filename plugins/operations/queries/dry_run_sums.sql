-- Sums of a dry run of a replay: of each scope at its newest release. By source: a run has one.
with counted as (
    select
        d.*,
        max(d.release_key) over (partition by d.source, d.scope) as newest_key
    from monitor.dry_run as d
    where d.run_id = :run
)

select
    c.source,
    sum(c.rows_earlier) as rows_earlier,
    sum(c.rows_passed) as rows_passed,
    sum(c.rows_refused) as rows_refused,
    sum(c.values_earlier) as values_earlier,
    sum(c.values_passed) as values_passed,
    sum(c.values_refused) as values_refused,
    count(*) filter (where c.counted_at is null and c.state = 'planned') as waiting,
    count(*) filter (where c.state = 'failed') as failed,
    array_agg(c.scope order by length(c.scope), c.scope) as scopes
from counted as c
where c.release_key = c.newest_key
group by c.source
