create or replace function star.numbered_release_key(source_name text, setting_name text, release text)
returns integer
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
    select r.release_key into found from history.data_release r
    where r.source = source_name and r.release_version = wanted;
    if found is not null then
        return found;
    end if;
    select r.release_key, r.release_version into newest from history.data_release r
    where r.source = source_name
    order by r.release_key desc limit 1;
    if parts[1]::integer * 10000 + coalesce(parts[2], '0')::integer * 100 > newest.release_key then
        raise exception
            '%: this warehouse knows no data release % yet, the newest it has captured is %',
            setting_name, quote_literal(wanted), newest.release_version
            using hint = case source_name when 'immport' then
                'SELECT release_version FROM star.dim_data_release lists those it knows'
                else 'SELECT * FROM star.source_release lists those it knows' end,
                errcode = 'invalid_parameter_value';
    end if;
    raise exception '%: this warehouse knows no data release %', setting_name, quote_literal(wanted)
        using hint = case source_name when 'immport' then
            'SELECT release_version FROM star.dim_data_release lists those it knows'
            else 'SELECT * FROM star.source_release lists those it knows' end,
            errcode = 'invalid_parameter_value';
end $body$;

create or replace function star.fetch_release_key(setting_name text, release text) returns integer
language plpgsql stable parallel safe as $body$
begin
    if nullif(btrim(release), '') is null then
        return 2147483646;
    end if;
    return greatest(0, least(2147483646,
        floor(extract(epoch from release::timestamptz - timestamptz '2020-01-01T00:00:00Z'))));
exception when invalid_datetime_format or datetime_field_overflow then
    raise exception '%: not a point in time: %', setting_name, quote_literal(release)
        using hint = 'Such as 2026-11-30T17:05:00Z: the newest fetch at or before it is shown',
            errcode = 'invalid_parameter_value';
end $body$;

create or replace function star.release_key(release text) returns integer
language sql stable parallel safe
return star.numbered_release_key('immport', 'star.as_of', release);

create or replace function star.as_of_key() returns integer
language sql stable parallel safe
return star.release_key(current_setting('star.as_of', true));
