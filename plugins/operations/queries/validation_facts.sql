-- One package that was checked and not sent.
select
    v.package,
    v.place,
    v.known,
    v.state,
    v.templates,
    v.rows,
    v.errors,
    v.warnings,
    v.declaration,
    v.created_at,
    v.run_id
from monitor.validation as v
where v.validation_id = :validation
