-- Packages on their way to ImmPort, each with its newest ticket of either purpose.
select
    s.submission_id,
    s.service,
    s.workspace,
    s.workspace_id,
    s.package,
    s.state,
    s.rows,
    s.errors,
    s.warnings,
    v.ticket_number as validation_ticket,
    v.status as validation_status,
    t.ticket_number as storing_ticket,
    t.status as storing_status,
    s.decided_by,
    s.decided_at,
    s.changed_at,
    s.run_id,
    coalesce(t.error, v.error) as problem
from monitor.submission as s
left join lateral (
    select
        k.ticket_number,
        k.status,
        k.error
    from monitor.submission_ticket as k
    where k.submission_id = s.submission_id and k.purpose in ('validateData', 'batchUpdateValidate')
    order by k.attempt desc
    limit 1
) as v on true
left join lateral (
    select
        k.ticket_number,
        k.status,
        k.error
    from monitor.submission_ticket as k
    where k.submission_id = s.submission_id and k.purpose in ('uploadData', 'batchUpdateUpload')
    order by k.attempt desc
    limit 1
) as t on true
where
    (cast(:state as text) is null or s.state = :state)
    and (
        cast(:search as text) is null
        or strpos(
            lower(concat_ws(' ', s.package, s.workspace, v.ticket_number, t.ticket_number)), lower(:search)
        ) > 0
    )
