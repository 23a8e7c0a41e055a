-- 33. Which genes of gene lists are measured as transcript by PCR and as protein by ELISA or bead array?
-- By the gene's identifier and ImmPort's accession of its product, never by a likeness of names.
with transcript as (
    select
        g.resolved_gene_key,
        f.analyte_accession,
        count(*) as pcr_results,
        count(distinct f.study_key) as pcr_studies
    from star.fact_pcr as f
    inner join star.dim_gene as g on f.gene_key = g.gene_key
    where f.analyte_accession is not null
    group by g.resolved_gene_key, f.analyte_accession
),

protein as (
    select
        a.analyte_accession,
        count(*) as protein_results,
        count(distinct r.study_key) as protein_studies
    from star.fact_assay_result as r
    inner join star.dim_analyte as a on r.measurand_key = a.analyte_key
    where r.assay in ('ELISA', 'MBAA') and r.subject_key > 0 and a.analyte_accession is not null
    group by a.analyte_accession
)

select
    l.gene_list_id,
    l.gene_list_name,
    b.gene_symbol,
    t.analyte_accession,
    t.pcr_results,
    t.pcr_studies,
    p.protein_results,
    p.protein_studies
from star.bridge_gene_list_gene as b
inner join star.dim_gene_list as l on b.gene_list_key = l.gene_list_key
inner join star.dim_gene as g on b.gene_key = g.gene_key
inner join transcript as t on g.resolved_gene_key = t.resolved_gene_key
inner join protein as p on t.analyte_accession = p.analyte_accession
order by l.gene_list_id, b.gene_symbol;
