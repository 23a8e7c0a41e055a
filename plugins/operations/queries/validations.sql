-- Packages that were checked and not sent.
select
    v.validation_id,
    v.package,
    v.state,
    v.templates,
    v.rows,
    v.errors,
    v.warnings,
    v.created_at,
    v.run_id
from monitor.validation as v
where
    (cast(:state as text) is null or v.state = :state)
    and (
        cast(:search as text) is null
        or strpos(lower(concat_ws(' ', v.package, v.place)), lower(:search)) > 0
    )
