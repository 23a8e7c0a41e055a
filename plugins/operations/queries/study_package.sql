-- Tables of the package of a load, and what is made of them.
select
    p.table_name,
    p.rows as row_count,
    p.read_for,
    p.conflicts
from monitor.package_table as p
where p.load_id = :load
order by p.table_name
