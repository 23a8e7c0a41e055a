-- Functions that read numbers, comparisons and units out of texts.

create or replace function star.plain_text(text) returns text
language sql immutable parallel safe
-- White space of Unicode becomes a blank; characters that take no room go. Spelt out: what counts as a blank
-- in a regular expression depends on the provider of locales.
return case when ($1 collate "C") ~ '[^ -~]' then translate($1,
    e'\u0009\u000a\u000b\u000c\u000d\u0085\u00a0\u1680\u2000\u2001\u2002\u2003'
    '\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'
        || e'\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad',
    repeat(' ', length(
        e'\u0009\u000a\u000b\u000c\u000d\u0085\u00a0\u1680\u2000\u2001\u2002\u2003'
        '\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'))) else $1 end;

create or replace function star.measurable(numeric) returns numeric
language sql immutable parallel safe
return case when $1 = 0 or abs($1) between 1e-130 and 1e130 then $1 end;

create or replace function star.to_number(text) returns numeric
language plpgsql immutable parallel safe strict as $body$
declare
    plain text collate "C" := star.plain_text($1);
begin
    if length(plain) <= 250 and plain ~ '^ *[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})? *$' then
        return star.measurable(btrim(plain)::numeric);
    end if;
    return null;
end $body$;

create or replace function star.without_operator(text) returns text
language sql immutable parallel safe
return case when ($1 collate "C") ~ '^[0-9.]*$' then $1
    else regexp_replace(star.plain_text($1) collate "C", '^ *(<=|>=|≤|≥|<|>|=|~) *', '') end;

create or replace function star.operator_of(text) returns text
language sql immutable parallel safe
return replace(replace(substring(star.plain_text($1) collate "C" from '^ *(<=|>=|≤|≥|<|>)'),
    '≤', '<='), '≥', '>=');

create or replace function star.titer_text(text) returns text
language sql immutable parallel safe
return case when ($1 collate "C") ~ '[:/]'
    then regexp_replace(star.plain_text($1) collate "C",
        '^( *(?:<=|>=|≤|≥|<|>|=|~)? *)1 *[:/] *(?=[0-9])', '\1') else $1 end;

create or replace function star.cell_count(text) returns numeric
language plpgsql immutable parallel safe strict as $body$
declare
    plain text collate "C" := star.plain_text($1);
    number numeric;
begin
    if plain ~ '^ *[0-9]{1,3}(,[0-9]{3}){1,9} *$' then
        plain := replace(plain, ',', '');
    end if;
    number := star.to_number(plain);
    return case when number >= 0 then number end;
end $body$;

create or replace function star.limit_in_comment(comments text, value numeric) returns text
language sql immutable parallel safe
return case when value is not null and (comments collate "C") ~ '[<>≤≥]' then (
    select star.operator_of(m.found[1]) || m.found[2]
    from regexp_match(star.plain_text(comments) collate "C",
        '(?:^|[^[:alnum:]<>=])(<=|>=|≤|≥|<|>) *(?:1 *[:/] *(?=[0-9]))?'
        '([0-9]{1,30}(?:\.[0-9]{1,30})?)(?![0-9])') as m (found)
    where abs(value - m.found[2]::numeric) * 1000 <= m.found[2]::numeric
        and case when m.found[1] in ('<', '<=', '≤') then value <= m.found[2]::numeric
            else value >= m.found[2]::numeric end) end;

create or replace function star.is_out_of_range(text) returns boolean
language sql immutable parallel safe
return (star.without_operator($1) collate "C") ~* '^ *OOR *[<>]? *$';

create or replace function star.unit_of(
    preferred numeric, unit_reported text, unit_preferred text) returns text
language sql immutable parallel safe
return case when preferred = 0 or abs(preferred) between 1e-130 and 1e130
    then coalesce(unit_preferred, unit_reported) else coalesce(unit_reported, unit_preferred) end;

create or replace function star.odd_unit_spelling(text) returns text
language sql immutable parallel safe
return nullif(btrim(regexp_replace(regexp_replace(
    translate(star.plain_text($1), 'µμ_', 'uu ') collate "C", ' +', ' ', 'g'), ' ?/ ?', '/', 'g')), '');
create or replace function star.case_of_unit(text) returns text
language sql immutable parallel safe
return case when length($1) <= 2 and right($1, 1) = 'M' then $1 else lower($1 collate "C") end;
create or replace function star.unit_spelling(text) returns text
language sql immutable parallel safe
return case when ($1 collate "C") ~ '^ |  | /|/ | $|_|[^ -~]|^$'
    then star.case_of_unit(star.odd_unit_spelling($1)) else star.case_of_unit($1) end;
