-- Tickets of one package.
select
    t.purpose,
    t.attempt,
    t.state,
    t.ticket_number,
    t.found_by,
    array_to_string(t.statuses, ', ') as statuses,
    t.error,
    t.sent_at,
    t.ended_at,
    t.database_report
from monitor.submission_ticket as t
where t.submission_id = :submission
order by t.sent_at, t.purpose, t.attempt
