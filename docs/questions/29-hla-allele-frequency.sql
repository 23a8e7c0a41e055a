-- 29. How frequent is each allele of HLA-A, by race?
-- Of all chromosomes typed; a homozygous subject counts twice.
select
    study_accession,
    race,
    allele,
    copies,
    chromosomes,
    homozygous,
    round(frequency, 4) as frequency
from mart.hla_allele_frequency
where locus = 'A'
order by study_accession, race, allele;
