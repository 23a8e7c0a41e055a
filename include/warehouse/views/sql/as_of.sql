create or replace function star.release_key(release text) returns integer
language plpgsql stable parallel safe as $body$
declare
    wanted text := nullif(btrim(release), '');
    parts text[] := regexp_match(wanted, '^DR([0-9]{1,5})(?:[.]([0-9]{1,2}))?$');
    found integer;
    newest record;
begin
    if wanted is null then
        return 2147483646;
    end if;
    select r.release_key into found from history.data_release r where r.release_version = wanted;
    if found is not null then
        return found;
    end if;
    select r.release_key, r.release_version into newest from history.data_release r
    order by r.release_key desc limit 1;
    if parts[1]::integer * 10000 + coalesce(parts[2], '0')::integer * 100 > newest.release_key then
        raise exception
            'star.as_of: this warehouse knows no data release % yet, the newest it has captured is %',
            quote_literal(wanted), newest.release_version
            using hint = 'SELECT release_version FROM star.dim_data_release lists those it knows',
                errcode = 'invalid_parameter_value';
    end if;
    raise exception 'star.as_of: this warehouse knows no data release %', quote_literal(wanted)
        using hint = 'SELECT release_version FROM star.dim_data_release lists those it knows',
            errcode = 'invalid_parameter_value';
end $body$;

create or replace function star.as_of_key() returns integer
language sql stable parallel safe
return star.release_key(current_setting('star.as_of', true));
