-- Names of the tables of star and mart.
select cast(c.relname as text) as relation
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where
    n.nspname in ('star', 'mart') and c.relkind in ('r', 'v', 'm', 'p')
    and has_table_privilege(c.oid, 'select')
order by c.relname
