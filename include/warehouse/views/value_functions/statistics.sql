-- Substitutes for censored values, by a policy, and geometric statistics.

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

create or replace function star.geometric_step(state double precision[], value numeric)
returns double precision[] language sql immutable parallel safe
return case when value is null then state
    when value > 0 and value < 'infinity' then array[state[1] + 1, state[2] + ln(value)::double precision,
        state[3] + (ln(value) * ln(value))::double precision]
    else array[state[1] + 1, 'NaN'::double precision, 'NaN'::double precision] end;
create or replace function star.geometric_join(double precision[], double precision[])
returns double precision[] language sql immutable parallel safe
return array[$1[1] + $2[1], $1[2] + $2[2], $1[3] + $2[3]];
create or replace function star.exp_if_any(double precision) returns numeric
language sql immutable parallel safe
return case when $1 between -700 and 700 then trim_scale(exp($1)::numeric) end;
create or replace function star.geometric_mean_of(state double precision[]) returns numeric
language sql immutable parallel safe
return case when state[1] > 0 then star.exp_if_any(state[2] / state[1]) end;
create or replace function star.geometric_sd_of(state double precision[]) returns numeric
language sql immutable parallel safe
return case when state[1] > 1 and state[2] <> 'NaN' then star.exp_if_any(sqrt(greatest(0,
    (state[3] - state[2] * state[2] / state[1]) / (state[1] - 1)))) end;
create or replace aggregate star.geometric_mean(numeric) (  -- noqa: PRS
    sfunc = star.geometric_step, stype = double precision[], initcond = '{0,0,0}',
    combinefunc = star.geometric_join, finalfunc = star.geometric_mean_of, parallel = safe);
create or replace aggregate star.geometric_sd(numeric) (
    sfunc = star.geometric_step, stype = double precision[], initcond = '{0,0,0}',
    combinefunc = star.geometric_join, finalfunc = star.geometric_sd_of, parallel = safe);
