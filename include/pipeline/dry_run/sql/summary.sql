-- Sums of a dry run: of each scope at the newest release that was counted, and of its earlier ones.
with counted as (
    select
        d.*,
        d.release_key = max(d.release_key) over (partition by d.source, d.scope) as is_newest
    from ops.dry_run as d
    where d.run_id = :run
)

select
    count(*) filter (where c.is_newest) as scopes,
    count(*) filter (where c.is_newest and c.state = 'published') as published,
    count(*) filter (where c.is_newest and c.state = 'unchanged') as unchanged,
    count(*) filter (where c.is_newest and c.state = 'failed') as failed,
    count(*) filter (where c.is_newest and c.state = 'on hold') as on_hold,
    count(*) filter (where c.state = 'planned') as left_over,
    coalesce(sum(c.rows_earlier) filter (where c.is_newest), 0) as rows_earlier,
    coalesce(sum(c.rows_passed) filter (where c.is_newest), 0) as rows_passed,
    coalesce(sum(c.rows_refused) filter (where c.is_newest), 0) as rows_refused,
    coalesce(sum(c.values_earlier) filter (where c.is_newest), 0) as values_earlier,
    coalesce(sum(c.values_passed) filter (where c.is_newest), 0) as values_passed,
    coalesce(sum(c.values_refused) filter (where c.is_newest), 0) as values_refused,
    coalesce(sum(c.rows_passed) filter (where not c.is_newest), 0) as earlier_passed,
    coalesce(sum(c.rows_earlier) filter (where not c.is_newest), 0) as earlier_quarantined,
    count(*) filter (where not c.is_newest) as earlier_releases
from counted as c
