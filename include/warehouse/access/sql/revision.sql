-- The schema revision of the warehouse, for who watches it.
create view monitor.revision with (security_barrier) as
select version_num from ops.alembic_version;
