-- Lines of the reports of one package: of the check here, and of ImmPort's summary of each ticket.
select
    l.purpose,
    l.attempt,
    l.position,
    l.file_name,
    l.line_number,
    l.status,
    l.error,
    l.description
from monitor.submission_line as l
where
    l.submission_id = cast(case when :submission ~ '^[0-9]{1,18}$' then :submission end as bigint)
    and (cast(:purpose as text) is null or l.purpose = :purpose)
    and (coalesce(cast(:show as text), 'all') = 'all' or l.error is not null)
    and (
        cast(:search as text) is null
        or strpos(
            lower(concat_ws(' ', l.file_name, l.status, l.error, l.description)), lower(:search)
        ) > 0
    )
