-- What a table of star or mart is about.
select
    cast(n.nspname as text) as area,
    cast(c.relname as text) as relation,
    obj_description(c.oid, 'pg_class') as about
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where
    n.nspname in ('star', 'mart') and c.relkind in ('r', 'v', 'm', 'p') and c.relname = :relation
    and has_table_privilege(c.oid, 'select')
