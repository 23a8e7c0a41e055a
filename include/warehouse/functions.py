"""Functions of the star over values: numbers in texts, comparisons, quality, substitutes, statistics.

They are immutable and read no table, so that a query pays for those columns alone that it asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Window:
    """Study days that are looked at together: after one day, to another, which is part of it.

    :param after: null for no beginning.
    :param until: null for no end.
    """

    label: str
    after: int | None
    until: int | None


WINDOWS: tuple[Window, ...] = (
    Window("baseline", None, 0),
    Window("day 1-3", 0, 3),
    Window("day 4-9", 3, 9),
    Window("day 10-20", 9, 20),
    Window("day 21-42", 20, 42),
    Window("day 43-90", 42, 90),
    Window("after day 90", 90, None),
)
#: First year of life, in whole years, of each age band.
AGE_BANDS: tuple[int, ...] = (0, 5, 12, 18, 35, 50, 65, 80)


def _windows() -> str:
    ends = " ".join(f"when $1 <= {item.until} then '{item.label}'" for item in WINDOWS[:-1])
    return f"case when $1 is null then null {ends} else '{WINDOWS[-1].label}' end"


def _bands() -> str:
    bands = " ".join(f"when $1 < {end} then '{start}-{end - 1}'" for start, end in pairwise(AGE_BANDS))
    return f"case when $1 is null or $1 < 0 then null {bands} else '{AGE_BANDS[-1]} and over' end"


#: Texts that are a finding and no number.
_QUALITATIVE = (
    "^\\s*(pos(itive)?|neg(ative)?|(non[- ]?)?reactive|(not )?detected|present|absent|yes|no|equivocal"
    "|indeterminate|borderline|[+-]+)\\s*$"
)

NUMBERS = """
create or replace function star.to_number(text) returns numeric
language sql immutable parallel safe strict
return case when length($1) <= 250
    and $1 ~ '^ *[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]{1,3})? *$'
    then btrim($1)::numeric end;
comment on function star.to_number(text) is 'The number a text holds; null when it holds anything else';

create or replace function star.without_operator(text) returns text
language sql immutable parallel safe strict
return regexp_replace($1, '^\\s*(<=|>=|≤|≥|<|>|=|~)\\s*', '');
comment on function star.without_operator(text) is 'A reported value without a leading comparison';

create or replace function star.operator_of(text) returns text
language sql immutable parallel safe strict
return replace(replace(substring($1 from '^\\s*(<=|>=|≤|≥|<|>)'), '≤', '<='), '≥', '>=');
comment on function star.operator_of(text) is 'The comparison a reported value begins with: <, <=, > or >=';

create or replace function star.titer_text(text) returns text
language sql immutable parallel safe
return case when strpos($1, ':') > 0
    then regexp_replace($1, '^(\\s*(?:<=|>=|≤|≥|<|>|=|~)?\\s*)1\\s*:\\s*(?=[0-9])', '\\1') else $1 end;
comment on function star.titer_text(text) is
    'A reported titre as its reciprocal: 1:40 is 40, <1:10 is <10; other texts as they are';

create or replace function star.limit_in_comment(comments text, value numeric) returns text
language sql immutable parallel safe
return case when comments ~ '[<>≤≥]' and value is not null then (
    select star.operator_of(m.found[1]) || m.found[2]
    from regexp_match(comments,
        '(?:^|[^[:alnum:]<>=])(<=|>=|≤|≥|<|>)\\s*([0-9]{1,30}(?:\\.[0-9]{1,30})?)(?![0-9])') as m(found)
    where abs(value - m.found[2]::numeric) * 1000 <= m.found[2]::numeric
        and case when m.found[1] in ('<', '<=', '≤') then value <= m.found[2]::numeric
            else value >= m.found[2]::numeric end) end;
comment on function star.limit_in_comment(text, numeric) is
    'The limit a comment states (<50) when the value just misses it (49.9999, by a thousandth at most)';

create or replace function star.is_out_of_range(text) returns boolean
language sql immutable parallel safe strict
return star.without_operator($1) ~* '^\\s*OOR\\s*[<>]?\\s*$';
comment on function star.is_out_of_range(text) is 'The text says out of range: OOR, OOR <, OOR >';

create or replace function star.value_operator(reported text, preferred numeric, comments text) returns text
language plpgsql immutable parallel safe as $body$
declare
    found text;
begin
    if reported !~ '^[0-9.]+$' then
        found := star.operator_of(reported);
        if found is null and star.is_out_of_range(reported) then
            found := substring(reported from '[<>]');
        end if;
    end if;
    if found is null and comments ~ '[<>≤≥]' then
        found := star.operator_of(star.limit_in_comment(comments,
            coalesce(preferred, star.to_number(star.without_operator(reported)))));
    end if;
    return found;
end $body$;
comment on function star.value_operator(text, numeric, text) is
    'Comparison that the reported text, else the comments state of a value; the direction of OOR < and OOR >';

create or replace function star.unit_of(
    preferred numeric, unit_reported text, unit_preferred text) returns text
language sql immutable parallel safe
return case when preferred is null then coalesce(unit_reported, unit_preferred)
    else coalesce(unit_preferred, unit_reported) end;
comment on function star.unit_of(numeric, text, text) is
    'Unit of a value: the curated one of a curated number, else the reported one';

create or replace function star.odd_unit_spelling(text) returns text
language sql immutable parallel safe strict
return nullif(btrim(regexp_replace(regexp_replace(
    translate($1, 'µμ_', 'uu '), '\\s+', ' ', 'g'), ' ?/ ?', '/', 'g')), '');
create or replace function star.case_of_unit(text) returns text
language sql immutable parallel safe
return case when length($1) <= 2 and right($1, 1) = 'M' then $1 else lower($1) end;
create or replace function star.unit_spelling(text) returns text
language sql immutable parallel safe
return case when $1 ~ '^\\s|\\s\\s|\\s/|/\\s|\\s$|[µμ_\\t\\r\\n]|^$'
    then star.case_of_unit(star.odd_unit_spelling($1)) else star.case_of_unit($1) end;
comment on function star.unit_spelling(text) is
    'A unit as units are compared: blanks, micro signs and case made one; the case of molar units stays'
"""

QUALITY = f"""
create or replace function star.value_quality(reported text, preferred numeric, comments text,
    unit text, sentinels numeric[]) returns text
language plpgsql immutable parallel safe as $body$
begin
    if preferred is null and (reported is null or btrim(reported) = '') then
        return 'missing';
    elsif strpos(translate(unit, '=', ':'), ':') > 0 and unit ~ '-?[0-9]+ *[:=] *[[:alpha:]]' then
        return 'coded';
    elsif preferred = any(sentinels)
        or (sentinels is not null and star.to_number(reported) = any(sentinels)) then
        return 'out_of_range_sentinel';
    elsif reported !~ '^[0-9.]+$' then
        if reported ~* '{_QUALITATIVE}' then
            return 'coded';
        elsif star.is_out_of_range(reported) then
            return 'out_of_range_sentinel';
        end if;
    end if;
    case left(star.value_operator(reported, preferred, comments), 1)
        when '<' then return 'censored_low';
        when '>' then return 'censored_high';
        else
            if preferred is null and star.to_number(star.without_operator(reported)) is null then
                return 'non_numeric';
            end if;
            return 'ok';
    end case;
end $body$;
comment on function star.value_quality(text, numeric, text, text, numeric[]) is
    'ok, censored_low, censored_high, out_of_range_sentinel, coded, non_numeric or missing';

create or replace function star.value_measured(reported text, preferred numeric, comments text,
    unit_reported text, unit_preferred text, sentinels numeric[]) returns numeric
language plpgsql immutable parallel safe as $body$
declare
    quality text := star.value_quality(reported, preferred, comments,
        star.unit_of(preferred, unit_reported, unit_preferred), sentinels);
    number numeric := coalesce(preferred, star.to_number(star.without_operator(reported)));
begin
    if quality = 'ok' then
        return number;
    elsif quality not in ('censored_low', 'censored_high') then
        return null;
    elsif star.operator_of(reported) is null then
        return star.to_number(star.without_operator(star.limit_in_comment(comments, number)));
    elsif preferred is not null
        and star.unit_spelling(unit_reported) <> star.unit_spelling(unit_preferred) then
        return number;  -- the limit is in another unit than the curated number
    end if;
    return coalesce(star.to_number(star.without_operator(reported)), number);
end $body$;
comment on function star.value_measured(text, numeric, text, text, text, numeric[]) is
    'The number of a measurement, of a censored one its limit; null for what is no measurement';

create or replace function star.value_source(reported text, preferred numeric) returns text
language sql immutable parallel safe
return case when preferred is not null then 'preferred'
    when star.to_number(star.without_operator(reported)) is not null then 'reported' else 'none' end;
comment on function star.value_source(text, numeric) is
    'Where the number of a value comes from: preferred, reported or none';

create or replace function star.standard_value(
    measured numeric, factor numeric, divisor numeric, unit_offset numeric) returns numeric
language sql immutable parallel safe
return trim_scale((measured - unit_offset) * factor / divisor);
comment on function star.standard_value(numeric, numeric, numeric, numeric) is
    'A measurement in the canonical unit; null when its unit is not known';

create or replace function star.log2_titer(numeric) returns numeric
language sql immutable parallel safe
return case when $1 > 0
    then trim_scale(round((ln($1::double precision) / ln(2::double precision))::numeric, 12)) end;
comment on function star.log2_titer(numeric) is
    'Logarithm to base 2 of a titre, to 12 decimals; null for 0 and less'
"""

STATISTICS = """
create or replace function star.censored(value numeric, operator text, policy text) returns numeric
language plpgsql immutable parallel safe as $body$
begin
    if policy is null or policy not in ('bound', 'half', 'sqrt2', 'null') then
        raise exception 'star.censored: no policy %', coalesce(quote_literal(policy), 'null')
            using hint = 'The policies are bound, half, sqrt2 and null';
    end if;
    if operator is null then
        return value;
    elsif operator not in ('<', '<=', '>', '>=') then
        raise exception 'star.censored: no comparison %', quote_literal(operator)
            using hint = 'The comparisons are those of value_operator: <, <=, > and >=, or null';
    elsif policy = 'null' then
        return null;
    elsif policy = 'half' and operator in ('<', '<=') then
        return trim_scale(value / 2);
    elsif policy = 'sqrt2' and operator in ('<', '<=') then
        return value / sqrt(2::numeric);
    end if;
    return value;
end $body$;
comment on function star.censored(numeric, text, text) is
    'The substitute for a censored value: its limit (bound), half of a lower limit (half), a lower limit '
    'by the root of 2 (sqrt2), or none (null). Above an upper limit half and sqrt2 are the limit, too';

create or replace function star.geometric_step(state double precision[], value numeric)
returns double precision[] language sql immutable parallel safe
return case when value is null then state
    when value <= 0 then array[state[1] + 1, 'NaN'::double precision, 'NaN'::double precision]
    else array[state[1] + 1, state[2] + ln(value)::double precision,
        state[3] + (ln(value) * ln(value))::double precision] end;
create or replace function star.geometric_join(double precision[], double precision[])
returns double precision[] language sql immutable parallel safe
return array[$1[1] + $2[1], $1[2] + $2[2], $1[3] + $2[3]];
create or replace function star.geometric_mean_of(state double precision[]) returns numeric
language sql immutable parallel safe
return case when state[1] > 0 and state[2] <> 'NaN' then trim_scale(exp(state[2] / state[1])::numeric) end;
create or replace function star.geometric_sd_of(state double precision[]) returns numeric
language sql immutable parallel safe
return case when state[1] > 1 and state[2] <> 'NaN' then trim_scale(exp(sqrt(greatest(0,
    (state[3] - state[2] * state[2] / state[1]) / (state[1] - 1))))::numeric) end;
create or replace aggregate star.geometric_mean(numeric) (
    sfunc = star.geometric_step, stype = double precision[], initcond = '{0,0,0}',
    combinefunc = star.geometric_join, finalfunc = star.geometric_mean_of, parallel = safe);
create or replace aggregate star.geometric_sd(numeric) (
    sfunc = star.geometric_step, stype = double precision[], initcond = '{0,0,0}',
    combinefunc = star.geometric_join, finalfunc = star.geometric_sd_of, parallel = safe);
comment on aggregate star.geometric_mean(numeric) is
    'Geometric mean. Leaves null out; null when a value is 0 or less, for then there is none';
comment on aggregate star.geometric_sd(numeric) is
    'Geometric standard deviation of a sample, a factor. Null as geometric_mean is, and for one value alone'
"""

TIMES = f"""
create or replace function star.study_window(numeric) returns text
language sql immutable parallel safe
return {_windows()};
comment on function star.study_window(numeric) is 'Window of days that a study day falls into';

create or replace function star.age_band(numeric) returns text
language sql immutable parallel safe
return {_bands()};
comment on function star.age_band(numeric) is 'Band of whole years that an age falls into, made for people';

create or replace function star.age_years(age numeric, unit text) returns numeric
language sql immutable parallel safe
return case lower(btrim(unit)) when 'years' then age when 'months' then age / 12
    when 'weeks' then age * 7 / 365.25 when 'days' then age / 365.25 when 'hours' then age / 8766
    when 'minutes' then age / 525960 when 'seconds' then age / 31557600 end;
comment on function star.age_years(numeric, text) is 'An age in years; null when its unit has no length';

create or replace function star.pool_size(phenotype text) returns integer[]
language sql immutable parallel safe strict
return (select array[m.found[1]::integer, coalesce(m.found[2], m.found[1])::integer]
    from regexp_match($1,
        '\\mpool(?:s|ed|ing)?\\s+(?:of|from)\\s+([0-9]{{1,6}})(?:\\s*(?:[-\u2013]|to)\\s*([0-9]{{1,6}}))?'
        '\\M(?!\\s*(?:%|[pnum]?[lg]\\M|days?|weeks?|hours?|months?|years?))', 'i') as m(found)
    where m.found is not null);
comment on function star.pool_size(text) is
    'Smallest and largest number of individuals that a phenotype gives for a pool: pooling of 20-25 mice'
"""

FUNCTIONS = ";\n".join(part.strip() for part in (NUMBERS, QUALITY, STATISTICS, TIMES))
