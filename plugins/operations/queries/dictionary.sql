-- Tables and columns of star and mart with types and comments, as the reader may see them. A table is a row
-- of its own, without a column.
with shown as materialized (
    select
        c.oid,
        cast(n.nspname as text) as area,
        cast(c.relname as text) as relation,
        obj_description(c.oid, 'pg_class') as about
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
    where
        n.nspname in ('star', 'mart') and c.relkind in ('r', 'v', 'm', 'p')
        and has_table_privilege(c.oid, 'select')
),

entries as (
    select
        s.area,
        s.relation,
        0 as place,
        cast(null as text) as column_name,
        cast(null as text) as column_type,
        s.about as meaning
    from shown as s
    union all
    select
        s.area,
        s.relation,
        a.attnum as place,
        cast(a.attname as text) as column_name,
        format_type(a.atttypid, a.atttypmod) as column_type,
        col_description(s.oid, a.attnum) as meaning
    from shown as s
    inner join pg_catalog.pg_attribute as a on s.oid = a.attrelid
    where a.attnum > 0 and not a.attisdropped
)

select
    e.area,
    e.relation,
    e.place,
    e.column_name,
    e.column_type,
    e.meaning,
    e.area || '.' || e.relation as full_name
from entries as e
where
    (cast(:area as text) is null or e.area = :area)
    and (cast(:relation as text) is null or e.relation = :relation)
    and (
        cast(:search as text) is null
        or not exists (
            -- Each word stands somewhere in the entry.
            select from unnest(string_to_array(lower(:search), ' ')) as w (word)
            where
                strpos(lower(concat_ws(' ', e.relation, e.column_name, e.column_type, e.meaning)), w.word) = 0
        )
    )
