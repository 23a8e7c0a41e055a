-- What was found in one package.
select
    f.position,
    f.severity,
    f.file_name,
    f.line_number,
    f.column_name,
    f.value,
    f.rule,
    f.message,
    f.fix
from monitor.validation_finding as f
where
    f.validation_id = cast(case when :validation ~ '^[0-9]{1,18}$' then :validation end as bigint)
    and (cast(:severity as text) is null or f.severity = :severity)
    and (cast(:rule as text) is null or f.rule = :rule)
    and (
        cast(:search as text) is null
        or strpos(
            lower(concat_ws(' ', f.file_name, f.column_name, f.value, f.rule, f.message, f.fix)),
            lower(:search)
        ) > 0
    )
