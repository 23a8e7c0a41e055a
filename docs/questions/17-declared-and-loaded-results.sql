-- 17. Are all results there that ImmPort declared for the experiment samples, by study and kind of result?
-- Only packages up to DR16 declare them: of others the declared number is null.
with loaded as (
    select
        study_key,
        expsample_key,
        count(*) as results
    from star.fact_assay_result
    where expsample_key > 0
    group by study_key, expsample_key
)

select
    s.study_accession,
    x.result_schema,
    count(*) as expsamples,
    sum(x.declared_results) as declared_results,
    sum(coalesce(r.results, 0)) as loaded_results,
    count(*) filter (where x.declared_results <> coalesce(r.results, 0)) as differing
from star.dim_expsample as x
inner join star.dim_study as s on x.study_key = s.study_key
left join loaded as r on x.study_key = r.study_key and x.expsample_key = r.expsample_key
where x.expsample_key > 0
group by s.study_accession, x.result_schema
order by s.study_accession, x.result_schema;
