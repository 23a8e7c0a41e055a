-- 33. Which genes are measured as transcript by PCR and as protein by ELISA or bead array?
-- By ImmPort's accession of the gene product, never by a likeness of names.
with transcript as (
    select
        analyte_accession,
        count(*) as pcr_results,
        count(distinct study_key) as pcr_studies
    from star.fact_pcr
    where analyte_accession is not null
    group by analyte_accession
),

protein as (
    select
        a.analyte_accession,
        min(a.analyte_preferred) as analyte,
        count(*) as protein_results,
        count(distinct r.study_key) as protein_studies
    from star.fact_assay_result as r
    inner join star.dim_analyte as a on r.measurand_key = a.analyte_key
    where r.assay in ('ELISA', 'MBAA') and r.subject_key > 0 and a.analyte_accession is not null
    group by a.analyte_accession
)

select
    t.analyte_accession,
    p.analyte,
    t.pcr_results,
    t.pcr_studies,
    p.protein_results,
    p.protein_studies
from transcript as t
inner join protein as p on t.analyte_accession = p.analyte_accession
order by t.analyte_accession;
