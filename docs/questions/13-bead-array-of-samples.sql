-- 13. What do bead arrays say of the samples alone, without controls, standards and sentinels?
-- Values below a limit count by the policy named.
select
    study_accession,
    measurand as analyte,
    unit,
    biosample_type,
    measurement_technique,
    treatment,
    count(value_number) as results,
    count(*) filter (where value_quality = 'out_of_range_sentinel') as sentinels,
    round(exp(avg(ln(value_default)) filter (where value_default > 0)), 2) as geometric_mean,
    policy
from mart.sample_result
where assay = 'MBAA'
group by study_accession, measurand, unit, biosample_type, measurement_technique, treatment, policy
order by study_accession, analyte, unit, biosample_type, measurement_technique, treatment;
