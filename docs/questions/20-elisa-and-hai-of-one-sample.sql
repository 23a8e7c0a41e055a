-- 20. Do ELISA levels and HAI titres of the same sample go together?
-- Pearson's correlation of logarithms; replicates are averaged first. Values below a limit count by the
-- default policy: see the column policy.
with elisa as (
    select
        study_accession,
        biosample_key,
        measurand as analyte,
        unit,
        treatment,
        policy,
        avg(ln(value_default)) as log_level
    from mart.result_value
    where assay = 'ELISA' and value_default > 0 and biosample_key > 0
    group by study_accession, biosample_key, measurand, unit, treatment, policy
),

hai as (
    select
        study_accession,
        biosample_key,
        measurand as strain,
        avg(ln(value_default)) as log_titre
    from mart.result_value
    where assay = 'HAI' and is_titre and value_default > 0 and biosample_key > 0
    group by study_accession, biosample_key, measurand
)

select
    e.study_accession,
    e.analyte,
    e.unit,
    e.treatment,
    h.strain,
    count(*) as biosamples,
    round(corr(e.log_level::double precision, h.log_titre::double precision)::numeric, 3) as pearson_r,
    e.policy
from elisa as e
inner join hai as h on e.study_accession = h.study_accession and e.biosample_key = h.biosample_key
group by e.study_accession, e.analyte, e.unit, e.treatment, h.strain, e.policy
order by e.study_accession, e.analyte, e.unit, e.treatment, h.strain;
