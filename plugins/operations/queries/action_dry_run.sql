-- The newest dry run of a replay that counted one of these scopes since it was loaded last, with its sums of
-- them: of each scope at its newest release.
with counted as (
    select
        d.*,
        max(d.release_key) over (partition by d.run_id, d.scope) as newest_key
    from monitor.dry_run as d
    where
        d.source = :source
        and d.scope = any(cast(:scopes as text[]))
        and d.counted_at > (
            select coalesce(max(l.changed_at), '-infinity')
            from monitor.load as l
            where l.source = d.source and l.scope = d.scope
        )
)

select
    split_part(c.run_id, '/', 1) as dag_id,
    substr(c.run_id, strpos(c.run_id, '/') + 1) as run_name,
    max(c.counted_at) as counted_at,
    count(*) as scopes,
    sum(c.rows_earlier) as rows_earlier,
    sum(c.rows_passed) as rows_passed,
    sum(c.values_earlier) as values_earlier,
    sum(c.values_passed) as values_passed
from counted as c
where c.release_key = c.newest_key
group by c.run_id
order by max(c.counted_at) desc
limit 1
