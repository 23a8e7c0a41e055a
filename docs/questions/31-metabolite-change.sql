-- 31. By how much does each metabolite or protein change from baseline to day 21-42, as log2?
with level as (
    select
        study_accession,
        arm,
        subject_accession,
        measurand,
        biosample_type,
        measurement_technique,
        avg(ln(value_certain)) filter (where window_label = 'baseline') as baseline,
        avg(ln(value_certain)) filter (where window_label = 'day 21-42') as late
    from mart.sample_result
    where assay = 'Mass spectrometry' and value_certain > 0
    group by study_accession, arm, subject_accession, measurand, biosample_type, measurement_technique
)

select
    study_accession,
    arm,
    measurand,
    biosample_type,
    measurement_technique,
    count(*) as subjects,
    count(late - baseline) as with_both,
    round(avg(late - baseline) / ln(2.0), 3) as log2_change
from level
group by study_accession, arm, measurand, biosample_type, measurement_technique
order by study_accession, arm, measurand, biosample_type, measurement_technique;
