-- Scopes and releases of a dry run of a replay: how a replay would end, and what would pass.
select
    d.source,
    d.scope,
    d.release_version,
    d.release_key,
    d.state,
    d.reason,
    d.rows_earlier,
    d.rows_now,
    d.rows_passed,
    d.rows_refused,
    d.values_earlier,
    d.values_passed,
    coalesce(c.added, 0) as added,
    coalesce(c.corrected, 0) as corrected,
    coalesce(c.withdrawn, 0) as withdrawn,
    -- What needs a person first, then by number.
    case d.state when 'failed' then 0 when 'on hold' then 1 when 'unchanged' then 3 else 2 end * 1000000
    + coalesce(cast(nullif(left(regexp_replace(d.scope, '\D', '', 'g'), 6), '') as integer), 0) as urgency
from monitor.dry_run as d
left join lateral (
    select
        sum(h.added) as added,
        sum(h.corrected) as corrected,
        sum(h.withdrawn) as withdrawn
    from monitor.dry_run_change as h
    where
        h.run_id = d.run_id and h.source = d.source and h.scope = d.scope
        and h.release_version = d.release_version
) as c on true
where
    d.run_id = cast(:dag_id as text) || '/' || cast(:run_id as text)
    and (
        cast(:search as text) is null
        or strpos(lower(concat_ws(' ', d.scope, d.release_version, d.reason)), lower(:search)) > 0
    )
    and (cast(:state as text) is null or d.state = :state)
