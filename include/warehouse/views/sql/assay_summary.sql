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
select s.study_accession, s.assay, s.unit_reported, s.results, s.numbers, s.mean, s.geometric_mean
from star.value_summary s;
perform set_config('star.as_of', callers, true);
end $body$;
