-- The texts that do not match a pattern.
create or replace function ops.texts_without_hidden(given text[], pattern text) returns text[]
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $body$
    select array(
        select e.one from unnest(given) with ordinality e (one, position) where e.one !~ pattern order by e.position)
$body$;
