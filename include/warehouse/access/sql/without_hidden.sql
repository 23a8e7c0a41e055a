-- A text without its sentences and lines that match a pattern; null when nothing is left.
create or replace function ops.without_hidden(given text, pattern text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $body$
    select nullif(rtrim(string_agg(p.part, ' ' order by p.position), '; '), '')
    from regexp_split_to_table(given, '(?<=[.;!?])\s+|\n') with ordinality p (part, position)
    where p.part !~ pattern
$body$;
