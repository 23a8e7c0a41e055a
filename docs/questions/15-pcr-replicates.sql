-- 15. How well do PCR replicates agree: the coefficient of variation within a sample, by gene?
select
    study_accession,
    gene,
    unit,
    count(*) as samples,
    sum(wells) as wells,
    round(avg(cv_percent), 2) as mean_cv_percent,
    round(max(cv_percent), 2) as worst_cv_percent
from mart.gene_expression
where wells > 1
group by study_accession, gene, unit
order by study_accession, gene, unit;
