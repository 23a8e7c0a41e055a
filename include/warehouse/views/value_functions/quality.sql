-- Functions that say what a value is: its comparison, its number, its quality, its standard value. Those in
-- plpgsql take microseconds, a hundred times of what the planner takes them for: they say so.

create or replace function star.value_operator(reported text, preferred numeric, comments text) returns text
language plpgsql immutable parallel safe cost 500 as $body$
declare
    given text collate "C" := reported;
    found text;
begin
    if given !~ '^[0-9.]+$' then
        found := star.operator_of(reported);
        if found is null and star.is_out_of_range(reported) then
            found := substring(given from '[<>]');
        end if;
    end if;
    if found is null and (comments collate "C") ~ '[<>≤≥]' then
        found := star.operator_of(
            star.limit_in_comment(comments, star.value_number(reported, preferred)));
    end if;
    return found;
end $body$;

create or replace function star.value_number(reported text, preferred numeric) returns numeric
language sql immutable parallel safe
return coalesce(star.measurable(preferred), star.to_number(star.without_operator(reported)));

create or replace function star.value_quality(reported text, preferred numeric, comments text,
    unit text, sentinels numeric[]) returns text
language plpgsql immutable parallel safe cost 1000 as $body$
declare
    plain text collate "C" := star.plain_text(reported);
    number numeric := star.value_number(reported, preferred);
begin
    if preferred is null and coalesce(btrim(plain), '') = '' then
        return 'missing';
    elsif strpos(translate(unit, '=', ':'), ':') > 0
        and (unit collate "C") ~ '-?[0-9]+ *[:=] *[^ -@\u005b-\u0060\u007b-\u007e]' then
        return 'coded';
    elsif preferred = any(sentinels)
        or (sentinels is not null and star.to_number(reported) = any(sentinels)) then
        return 'out_of_range_sentinel';
    elsif plain !~ '^[0-9.]+$' then
        if plain ~* '^ *(pos(itive)?|neg(ative)?|(non[- ]?)?reactive|(not )?detected|present|absent'
            '|yes|no|equivocal|indeterminate|borderline|[+-]+) *$' then
            return 'coded';
        elsif star.is_out_of_range(reported) then
            return 'out_of_range_sentinel';
        end if;
    end if;
    case left(star.value_operator(reported, preferred, comments), 1)
        when '<' then return case when number is null then 'censored_no_limit' else 'censored_low' end;
        when '>' then return case when number is null then 'censored_no_limit' else 'censored_high' end;
        else return case when number is null then 'non_numeric' else 'ok' end;
    end case;
end $body$;

create or replace function star.value_measured(reported text, preferred numeric, comments text,
    unit_reported text, unit_preferred text, sentinels numeric[]) returns numeric
language plpgsql immutable parallel safe cost 2000 as $body$
declare
    quality text := star.value_quality(reported, preferred, comments,
        star.unit_of(preferred, unit_reported, unit_preferred), sentinels);
    number numeric := star.value_number(reported, preferred);
begin
    if quality = 'ok' then
        return number;
    elsif quality not in ('censored_low', 'censored_high') then
        return null;
    elsif star.operator_of(reported) is null then
        return star.to_number(star.without_operator(star.limit_in_comment(comments, number)));
    elsif star.measurable(preferred) is not null
        and star.unit_spelling(unit_reported) <> star.unit_spelling(unit_preferred) then
        return number;  -- the limit is in another unit than the curated number
    end if;
    return coalesce(star.to_number(star.without_operator(reported)), number);
end $body$;

create or replace function star.value_source(reported text, preferred numeric) returns text
language sql immutable parallel safe
return case when star.measurable(preferred) is not null then 'preferred'
    when star.to_number(star.without_operator(reported)) is not null then 'reported' else 'none' end;

create or replace function star.standard_value(
    measured numeric, factor numeric, divisor numeric, unit_offset numeric) returns numeric
language sql immutable parallel safe
-- Each number is null where it is none, is infinite or too large.
return trim_scale((nullif(nullif(greatest(least(measured, 1e131), -1e131), 1e131), -1e131)
        - nullif(nullif(greatest(least(unit_offset, 1e131), -1e131), 1e131), -1e131))
    * nullif(nullif(greatest(least(factor, 1e131), -1e131), 1e131), -1e131)
    / nullif(nullif(nullif(greatest(least(divisor, 1e131), -1e131), 1e131), -1e131), 0));

create or replace function star.log2_titer(numeric) returns numeric
language sql immutable parallel safe
return case when $1 between 1e-300 and 1e300
        then trim_scale(round((ln($1::double precision) / ln(2::double precision))::numeric, 12))
    when $1 > 0 and $1 < 'infinity' then trim_scale(round(ln($1) / ln(2::numeric), 12)) end;

-- The planner takes a row that is computed anew for each row beside it to cost nothing after the first. A
-- condition on it costs each time: this one as much as the functions above do together.
create or replace function star.is_computed(text) returns boolean
language plpgsql immutable parallel safe cost 4000 as $body$
begin
    return true;
end $body$;
