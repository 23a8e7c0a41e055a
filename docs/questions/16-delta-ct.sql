-- 16. How strongly is each gene expressed relative to the study's reference gene, by arm?
-- A study without a reference gene shows with the number of its samples and without a delta.
select
    study_accession,
    arm,
    biosample_type,
    treatment,
    t0_event,
    study_day,
    gene,
    reference_gene,
    count(*) as samples,
    round(avg(delta_ct), 3) as mean_delta_ct
from mart.gene_expression
group by study_accession, arm, biosample_type, treatment, t0_event, study_day, gene, reference_gene
order by study_accession, arm, biosample_type, treatment, t0_event, study_day, gene;
