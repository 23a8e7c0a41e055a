-- Reagents of an experiment sample, as a template lists them.
select
    b.expsample_key,
    string_agg(r.reagent_accession, '; ' order by r.reagent_accession) as reagent_accession
from star.bridge_expsample_reagent as b
inner join star.dim_reagent as r on b.reagent_key = r.reagent_key
where b.study_key = :study_key
group by b.expsample_key
