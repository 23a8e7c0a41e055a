-- Rows that each step moved per second, by day.
select
    step,
    cast(started_at as date) as on_day,
    round(cast(sum(rows) / greatest(sum(extract(epoch from ended_at - started_at)), 0.001) as numeric), 1)
        as rows_per_second
from monitor.step
where
    state = 'done' and rows > 0 and step in ('extract', 'stage', 'check', 'publish')
    and started_at > now() - make_interval(days => :days)
group by step, cast(started_at as date)
order by on_day asc, step asc
