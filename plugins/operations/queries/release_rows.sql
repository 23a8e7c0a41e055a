-- Rows of one table that differ between two releases of a source.
select
    d.scope,
    d.row_key,
    d.change,
    d.column_name,
    d.old_value,
    d.new_value
from part.release_differences as d
where
    (cast(:change as text) is null or d.change = cast(:change as text))
    and (cast(:column as text) is null or d.column_name = cast(:column as text))
