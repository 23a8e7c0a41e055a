-- One package on its way to ImmPort.
select
    s.package,
    s.state,
    s.service,
    s.workspace,
    s.workspace_id,
    s.place,
    s.notes,
    s.content_digest,
    s.files,
    s.size_bytes,
    s.rows,
    s.declaration,
    s.decided_by,
    s.decided_at,
    s.run_id
from monitor.submission as s
where s.submission_id = :submission
