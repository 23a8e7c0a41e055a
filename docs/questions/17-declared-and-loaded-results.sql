-- 17. Are all results there that ImmPort declared for the experiment samples, by study and kind of result?
-- Only packages up to DR16 declare them: of others the declared number is null.
select
    study_accession,
    result_schema,
    count(*) as expsamples,
    sum(declared_results) as declared_results,
    sum(loaded_results) as loaded_results,
    count(*) filter (where declared_results <> loaded_results) as differing
from mart.expsample_inventory
group by study_accession, result_schema
order by study_accession, result_schema;
