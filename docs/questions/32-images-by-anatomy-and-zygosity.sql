-- 32. How many images of mice are there per part of the body and zygosity?
-- By top-level terms of anatomy; a pair of identifier and name that IMPC's arrays contradict is left out.
select
    t.term_id,
    t.term,
    coalesce(s.zygosity_known, s.biological_sample_group) as zygosity,
    count(distinct f.observation_id) as images,
    count(distinct g.mgi_id) as genes
from star.fact_impc_image as f
inner join star.bridge_impc_term as b on f.impc_term_set_key = b.impc_term_set_key
inner join star.dim_ontology_term as t on b.ontology_term_key = t.ontology_term_key
inner join star.dim_impc_specimen as s on f.impc_specimen_key = s.impc_specimen_key
inner join star.dim_mouse_gene as g on f.mouse_gene_key = g.mouse_gene_key
where
    t.ontology = 'ANATOMY' and b.relation = 'top_level'
    and b.phenotyping_centre_key = f.phenotyping_centre_key
    and b.alignment in ('single', 'confirmed', 'position')
group by t.term_id, t.term, coalesce(s.zygosity_known, s.biological_sample_group)
order by t.term_id, t.term, zygosity;
