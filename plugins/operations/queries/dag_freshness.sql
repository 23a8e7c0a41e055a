-- How fresh a source is: its newest release in the listing and in the warehouse, its last run that succeeded.
select
    (
        select r.newest_release
        from monitor.run as r
        where r.dag_id = :dag_id and r.newest_release is not null
        order by r.started_at desc
        limit 1
    ) as listed_release,
    (
        select max(r.started_at)
        from monitor.run as r
        where r.dag_id = :dag_id and r.state = 'success'
    ) as last_success,
    (
        select count(*)
        from monitor.scope as s
        where s.source = cast(:source as text) and s.state = 'current'
    ) as current_scopes
