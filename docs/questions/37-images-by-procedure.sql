-- 37. How many images are there per procedure and term of anatomy or phenotype, by zygosity?
-- A pair of identifier and name that nothing confirms is left out; controls have no zygosity.
select
    p.procedure_stable_id,
    p.procedure_name,
    t.ontology,
    t.term_id,
    t.term,
    coalesce(s.zygosity_known, s.biological_sample_group) as zygosity,
    count(distinct f.observation_id) as images,
    count(distinct s.specimen_id) as specimens
from star.fact_impc_image as f
inner join star.bridge_impc_term as b
    on f.impc_term_set_key = b.impc_term_set_key and f.phenotyping_centre_key = b.phenotyping_centre_key
inner join star.dim_ontology_term as t on b.ontology_term_key = t.ontology_term_key
inner join star.dim_impc_procedure as p on f.impc_procedure_key = p.impc_procedure_key
inner join star.dim_impc_specimen as s on f.impc_specimen_key = s.impc_specimen_key
where b.relation = 'self' and b.alignment in ('single', 'confirmed')
group by
    p.procedure_stable_id, p.procedure_name, t.ontology, t.term_id, t.term,
    coalesce(s.zygosity_known, s.biological_sample_group)
order by p.procedure_stable_id, t.ontology, t.term_id, zygosity;
