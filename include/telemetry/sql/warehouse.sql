-- What there is once: the end of the key, the findings of the newest audit.
select
    (
        select r.key_expires_at from monitor.run as r
        where r.key_expires_at is not null
        order by r.started_at desc limit 1
    ) as key_expires_at,
    (
        select count(*) from monitor.audit as a
        where
            a.severity = 'critical' and a.failed_rows > 0
            and a.run_id = (
                select n.run_id from monitor.run as n
                where
                    -- Not `exists`, for which all audits would be read.
                    (
                        select true from monitor.audit as o
                        where o.run_id = n.run_id
                        order by o.run_id
                        limit 1
                    )
                order by n.started_at desc limit 1
            )
    ) as audit_findings;
