-- Calls of the last run of each DAG, by host and endpoint: those with errors first.
select
    c.source,
    c.host,
    c.endpoint,
    cast(sum(c.calls) as bigint) as calls,
    cast(sum(c.retries) as bigint) as retries,
    cast(sum(c.errors) as bigint) as errors,
    cast(sum(c.refusals) as bigint) as refusals,
    cast(sum(c.bytes) as bigint) as bytes,
    cast(sum(c.milliseconds) as double precision) / 1000 / nullif(sum(c.calls), 0) as seconds,
    cast(max(c.slowest_milliseconds) as double precision) / 1000 as slowest,
    (array_agg(c.failure order by c.failed_at desc nulls last))[1] as failure
from monitor.call as c
where
    c.run_id = any(array(
        select (array_agg(r.run_id order by r.started_at desc))[1]
        from monitor.run as r
        group by r.dag_id
    ))
group by c.source, c.host, c.endpoint
order by errors desc, calls desc, c.endpoint asc
limit 50
