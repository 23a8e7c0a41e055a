-- 13. What do bead arrays say of the samples alone, without controls, standards and sentinels?
select
    study_accession,
    measurand as analyte,
    unit,
    count(value_number) as results,
    count(*) filter (where value_quality = 'out_of_range_sentinel') as sentinels,
    round(exp(avg(ln(value_half)) filter (where value_half > 0)), 2) as geometric_mean
from mart.sample_result
where assay = 'MBAA'
group by study_accession, measurand, unit
order by study_accession, analyte, unit;
