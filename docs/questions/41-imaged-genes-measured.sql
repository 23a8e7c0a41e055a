-- 41. Which genes of gene lists are imaged in mice and measured in people, by PCR or by bead array?
-- From mouse to human by the table of orthologs; which gene a bead array measures, lkAnalyte says.
with imaged as (
    select
        h.resolved_gene_key,
        o.mgi_id,
        max(o.relation) as relation,
        count(distinct f.observation_id) as images
    from star.fact_impc_image as f
    inner join star.dim_mouse_gene as m on f.mouse_gene_key = m.mouse_gene_key
    inner join star.bridge_ortholog as o on m.mgi_id = o.mgi_id
    inner join star.dim_gene as h on o.gene_key = h.gene_key
    group by h.resolved_gene_key, o.mgi_id
),

analyte as (
    select distinct
        v.term as analyte_accession,
        g.resolved_gene_key
    from star.vocabulary_term as v
    inner join star.dim_gene as g on g.entrez_id = v.fields ->> 'geneId'
    where v.vocabulary = 'lkAnalyte' and v.fields ->> 'taxonomyId' = '9606'
),

pcr as (
    select
        g.resolved_gene_key,
        count(*) as results
    from star.fact_pcr as f
    inner join star.dim_gene as g on f.gene_key = g.gene_key
    where f.subject_key > 0
    group by g.resolved_gene_key
),

bead_array as (
    select
        n.resolved_gene_key,
        count(*) as results
    from star.fact_mbaa as f
    inner join star.dim_analyte as a on f.analyte_key = a.analyte_key
    inner join analyte as n on a.analyte_accession = n.analyte_accession
    where f.subject_key > 0
    group by n.resolved_gene_key
)

select
    l.gene_list_id,
    b.gene_symbol,
    i.mgi_id,
    i.relation,
    i.images,
    coalesce(p.results, 0) as pcr_results,
    coalesce(r.results, 0) as bead_array_results
from star.bridge_gene_list_gene as b
inner join star.dim_gene_list as l on b.gene_list_key = l.gene_list_key
inner join star.dim_gene as g on b.gene_key = g.gene_key
inner join imaged as i on g.resolved_gene_key = i.resolved_gene_key
left join pcr as p on g.resolved_gene_key = p.resolved_gene_key
left join bead_array as r on g.resolved_gene_key = r.resolved_gene_key
where p.results > 0 or r.results > 0
order by l.gene_list_id, b.gene_symbol, i.mgi_id;
