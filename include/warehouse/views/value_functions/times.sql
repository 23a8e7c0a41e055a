-- Functions of ages, study days and the sizes of pools.

create or replace function star.age_band(numeric) returns text
language sql immutable parallel safe
return case when $1 < 0 then null when $1 < 5 then '0-4' when $1 < 12 then '5-11' when $1 < 18 then '12-17'
    when $1 < 35 then '18-34' when $1 < 50 then '35-49' when $1 < 65 then '50-64'
    when $1 < 80 then '65-79' when $1 < 130 then '80 and over' end;

create or replace function star.age_years(age numeric, unit text) returns numeric
language sql immutable parallel safe
return case lower(btrim(star.plain_text(unit)) collate "C") when 'years' then star.measurable(age)
    when 'months' then star.measurable(age) / 12 when 'weeks' then star.measurable(age) * 7 / 365.25
    when 'days' then star.measurable(age) / 365.25 when 'hours' then star.measurable(age) / 8766
    when 'minutes' then star.measurable(age) / 525960 when 'seconds' then star.measurable(age) / 31557600 end;

-- Divided, not multiplied by a rounded fraction: 72 hours are 3 days and not a little more.
create or replace function star.study_day(collected numeric, unit text) returns numeric
language sql immutable parallel safe
return case lower(btrim(star.plain_text(unit)) collate "C") when 'days' then collected
    when 'hours' then collected / 24
    when 'minutes' then collected / 1440 when 'seconds' then collected / 86400
    when 'weeks' then collected * 7 when 'months' then collected * 30.4375
    when 'years' then collected * 365.25 end;

create or replace function star.pool_size(phenotype text) returns integer[]
language sql immutable parallel safe
return (select array[m.found[1]::integer, coalesce(m.found[2], m.found[1])::integer]
    from regexp_match(star.plain_text($1) collate "C",
        '\mpool(?:s|ed|ing)? +(?:of|from) +([0-9]{1,6})(?: *(?:[-\u2013]|to) *([0-9]{1,6}))?'
        '\M(?! *(?:%|[pnum]?[lg]\M|days?|weeks?|hours?|months?|years?))', 'i') as m (found)
    where m.found is not null);
