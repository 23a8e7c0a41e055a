-- 20. Do ELISA levels and HAI titres of the same sample go together?
-- Pearson's correlation of logarithms; replicates are averaged first.
with elisa as (
    select
        study_accession,
        biosample_key,
        measurand as analyte,
        avg(ln(value_half)) as log_level
    from mart.sample_result
    where assay = 'ELISA' and value_half > 0 and biosample_key > 0
    group by study_accession, biosample_key, measurand
),

hai as (
    select
        study_accession,
        biosample_key,
        measurand as strain,
        avg(ln(value_half)) as log_titre
    from mart.sample_result
    where assay = 'HAI' and value_half > 0 and biosample_key > 0
    group by study_accession, biosample_key, measurand
)

select
    e.study_accession,
    e.analyte,
    h.strain,
    count(*) as biosamples,
    round(corr(e.log_level::double precision, h.log_titre::double precision)::numeric, 3) as pearson_r
from elisa as e
inner join hai as h on e.study_accession = h.study_accession and e.biosample_key = h.biosample_key
group by e.study_accession, e.analyte, h.strain
order by e.study_accession, e.analyte, h.strain;
