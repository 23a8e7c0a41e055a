-- 39. How surely do identifiers and names of ontology terms belong together in images, by centre?
select
    c.phenotyping_centre_id,
    t.ontology,
    b.relation,
    b.alignment,
    count(distinct f.observation_id) as images
from star.fact_impc_image as f
inner join star.dim_phenotyping_centre as c on f.phenotyping_centre_key = c.phenotyping_centre_key
inner join star.bridge_impc_term as b
    on f.impc_term_set_key = b.impc_term_set_key and f.phenotyping_centre_key = b.phenotyping_centre_key
inner join star.dim_ontology_term as t on b.ontology_term_key = t.ontology_term_key
group by c.phenotyping_centre_id, t.ontology, b.relation, b.alignment
order by c.phenotyping_centre_id, t.ontology, b.relation, b.alignment;
