-- Members of a set of reagents, as a template lists them.
select
    b.set_reagent_key as reagent_key,
    string_agg(r.reagent_accession, '; ' order by r.reagent_accession) as reagent_accession
from star.bridge_reagent_set as b
inner join star.dim_reagent as r on b.reagent_key = r.reagent_key
where b.study_key = :study_key
group by b.set_reagent_key
