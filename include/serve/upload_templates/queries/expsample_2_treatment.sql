-- Treatments of an experiment sample, as a template lists them.
select
    b.expsample_key,
    string_agg(t.treatment_accession, '; ' order by t.treatment_accession) as treatment_accession
from star.bridge_expsample_treatment as b
inner join star.dim_treatment as t on b.treatment_key = t.treatment_key
where b.study_key = :study_key
group by b.expsample_key
