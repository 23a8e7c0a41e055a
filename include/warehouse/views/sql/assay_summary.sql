drop function if exists star.assay_summary;
create function star.assay_summary(release text)
returns table (
    study_accession text, assay text, unit_reported text, results bigint, numbers bigint,
    mean numeric, geometric_mean numeric
)
language plpgsql stable as $body$
#variable_conflict use_column
declare
    -- Restored by hand: a clause of the function that sets it is for superusers alone.
    callers text := coalesce(current_setting('star.as_of', true), '');
begin
perform set_config('star.as_of', coalesce(release, ''), true);
return query
select s.study_accession, f.assay, f.unit_reported, count(*), count(f.value_number),
    round(avg(v.value), 4), round(exp(avg(ln(v.value)) filter (where v.value > 0)), 4)
from star.fact_assay_result f join star.dim_study s on s.study_key = f.study_key
cross join lateral
    (select star.censored(f.value_number, f.value_operator, star.default_policy()) as value) v
group by s.study_accession, f.assay, f.unit_reported;
perform set_config('star.as_of', callers, true);
end $body$;
