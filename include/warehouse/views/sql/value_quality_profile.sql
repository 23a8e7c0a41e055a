-- of each assay
with r as (
    select
        r.assay,
        r.study_key,
        r.value_source,
        r.value_quality,
        r.unit_standard,
        r.value_number,
        coalesce(r.measurand_preferred, r.measurand_reported) as measurand,
        coalesce(r.unit_preferred, r.unit_reported) as unit,
        r.subject_key,
        r.measurand_type
    from star.fact_assay_result as r
)

select
    r.assay,
    r.study_key,
    case
        when r.value_quality = 'ok' and l.assay is not null then 'suspected_limit'
        else r.value_quality
    end as value_quality,
    r.value_source,
    r.unit_standard,
    count(*) as rows
from r left join star.suspected_limit as l
    on
        r.assay = l.assay and r.study_key = l.study_key
        and r.value_number = l.value_number and r.measurand_type = l.measurand_type
        and l.measurand is not distinct from r.measurand and l.unit is not distinct from r.unit
        and r.subject_key <> -1
group by 1, 2, 3, 4, 5;
