-- Values that one submission's files would change, or that could not be compared with the star.
select
    c.position,
    c.file_name,
    c.line_number,
    c.table_name,
    c.record,
    c.column_name,
    c.star_value,
    c.new_value,
    c.outcome
from monitor.submission_change as c
where
    c.submission_id = cast(case when :submission ~ '^[0-9]{1,18}$' then :submission end as bigint)
    and (cast(:outcome as text) is null or c.outcome = :outcome)
    and (
        cast(:search as text) is null
        or strpos(
            lower(
                concat_ws(
                    ' ', c.file_name, c.table_name, c.record, c.column_name, c.star_value, c.new_value
                )
            ),
            lower(:search)
        ) > 0
    )
