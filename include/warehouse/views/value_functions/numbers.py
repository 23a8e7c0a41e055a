"""Functions that read numbers, comparisons and units out of texts."""

from __future__ import annotations

#: White space of Unicode, and characters that take no room. Spelt out: what counts as a blank in a regular
#: expression depends on the provider of locales.
_BLANKS = "\t\n\v\f\r\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_WIDTHLESS = "\u180e\u200b-\u200f\u2060\ufeff\xad"
#: Beyond these no measurement is: what is computed from a number within them is within what a double holds.
LARGEST, SMALLEST = "1e130", "1e-130"
_BEYOND = "1e131"
_COMPARISON = "<=|>=|≤|≥|<|>"


def _listed(characters: str) -> str:
    """Characters with their ranges written out, as an SQL literal of Unicode escapes."""
    found: list[str] = []
    for character in characters:
        if found and found[-1] == "-":
            found[-1:] = [chr(code) for code in range(ord(found[-2]) + 1, ord(character) + 1)]
        else:
            found.append(character)
    return "e'" + "".join(f"\\u{ord(one):04x}" for one in found) + "'"


def _plain_text() -> str:
    blanks, widthless = _listed(_BLANKS), _listed(_WIDTHLESS)
    spaces = f"repeat(' ', length({blanks}))"
    return f"translate($1, {blanks} || {widthless}, {spaces})"


def within(number: str) -> str:
    """SQL that makes a number null which is none, is infinite or too large; `number` is evaluated once."""
    bounded = f"greatest(least({number}, {_BEYOND}), -{_BEYOND})"
    return f"nullif(nullif({bounded}, {_BEYOND}), -{_BEYOND})"


NUMBERS = rf"""
create or replace function star.plain_text(text) returns text
language sql immutable parallel safe
return case when ($1 collate "C") ~ '[^ -~]' then {_plain_text()} else $1 end;
comment on function star.plain_text(text) is
    'A text with plain blanks for white space of any kind, and without characters that take no room';

create or replace function star.measurable(numeric) returns numeric
language sql immutable parallel safe
return case when $1 = 0 or abs($1) between {SMALLEST} and {LARGEST} then $1 end;
comment on function star.measurable(numeric) is
    'The number, where a measurement can be it: 0, or {SMALLEST} to {LARGEST} but for the sign; else null';

create or replace function star.to_number(text) returns numeric
language plpgsql immutable parallel safe strict as $body$
declare
    plain text collate "C" := star.plain_text($1);
begin
    if length(plain) <= 250 and plain ~ '^ *[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{{1,3}})? *$' then
        return star.measurable(btrim(plain)::numeric);
    end if;
    return null;
end $body$;
comment on function star.to_number(text) is
    'The number a text holds, as far as a measurement can be it; null when it holds anything else';

create or replace function star.without_operator(text) returns text
language sql immutable parallel safe
return case when ($1 collate "C") ~ '^[0-9.]*$' then $1
    else regexp_replace(star.plain_text($1) collate "C", '^ *({_COMPARISON}|=|~) *', '') end;
comment on function star.without_operator(text) is 'A reported value without a leading comparison';

create or replace function star.operator_of(text) returns text
language sql immutable parallel safe
return replace(replace(substring(star.plain_text($1) collate "C" from '^ *({_COMPARISON})'),
    '≤', '<='), '≥', '>=');
comment on function star.operator_of(text) is 'The comparison a reported value begins with: <, <=, > or >=';

create or replace function star.titer_text(text) returns text
language sql immutable parallel safe
return case when ($1 collate "C") ~ '[:/]'
    then regexp_replace(star.plain_text($1) collate "C",
        '^( *(?:{_COMPARISON}|=|~)? *)1 *[:/] *(?=[0-9])', '\1') else $1 end;
comment on function star.titer_text(text) is
    'A reported titre as its reciprocal: 1:40 and 1/40 are 40, <1:10 is <10; other texts as they are';

create or replace function star.cell_count(text) returns numeric
language plpgsql immutable parallel safe strict as $body$
declare
    plain text collate "C" := star.plain_text($1);
    number numeric;
begin
    if plain ~ '^ *[0-9]{{1,3}}(,[0-9]{{3}}){{1,9}} *$' then
        plain := replace(plain, ',', '');
    end if;
    number := star.to_number(plain);
    return case when number >= 0 then number end;
end $body$;
comment on function star.cell_count(text) is
    'The number of cells that stands where the name of a population belongs; null for a name';

create or replace function star.limit_in_comment(comments text, value numeric) returns text
language sql immutable parallel safe
return case when value is not null and (comments collate "C") ~ '[<>≤≥]' then (
    select star.operator_of(m.found[1]) || m.found[2]
    from regexp_match(star.plain_text(comments) collate "C",
        '(?:^|[^[:alnum:]<>=])({_COMPARISON}) *(?:1 *[:/] *(?=[0-9]))?'
        '([0-9]{{1,30}}(?:\.[0-9]{{1,30}})?)(?![0-9])') as m(found)
    where abs(value - m.found[2]::numeric) * 1000 <= m.found[2]::numeric
        and case when m.found[1] in ('<', '<=', '≤') then value <= m.found[2]::numeric
            else value >= m.found[2]::numeric end) end;
comment on function star.limit_in_comment(text, numeric) is
    'The limit a comment states (<50) when the value just misses it (49.9999, by a thousandth at most)';

create or replace function star.is_out_of_range(text) returns boolean
language sql immutable parallel safe
return (star.without_operator($1) collate "C") ~* '^ *OOR *[<>]? *$';
comment on function star.is_out_of_range(text) is 'The text says out of range: OOR, OOR <, OOR >';

create or replace function star.unit_of(
    preferred numeric, unit_reported text, unit_preferred text) returns text
language sql immutable parallel safe
return case when preferred = 0 or abs(preferred) between {SMALLEST} and {LARGEST}
    then coalesce(unit_preferred, unit_reported) else coalesce(unit_reported, unit_preferred) end;
comment on function star.unit_of(numeric, text, text) is
    'Unit of a value: the curated one of a curated number, else the reported one';

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
comment on function star.unit_spelling(text) is
    'A unit as units are compared: blanks, micro signs and case made one; the case of molar units stays'
"""
