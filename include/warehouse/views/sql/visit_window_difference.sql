with counted as (
    -- of each assay
    select
        r.study_key,
        r.biosample_key,
        r.planned_visit_key,
        r.study_time_key,
        count(*) as results
    from star.fact_assay_result as r
    where r.planned_visit_key > 0 and r.study_time_key > 0
    group by r.study_key, r.biosample_key, r.planned_visit_key, r.study_time_key
    -- of all assays
),

sampled as (
    select
        study_key,
        biosample_key,
        planned_visit_key,
        study_time_key,
        sum(results)::bigint as results
    from counted
    group by study_key, biosample_key, planned_visit_key, study_time_key
)

select
    s.study_key,
    s.biosample_key,
    s.planned_visit_key,
    s.study_time_key,
    t.study_day,
    v.min_start_day,
    v.max_start_day,
    case
        when t.study_day < v.min_start_day then t.study_day - v.min_start_day
        else t.study_day - v.max_start_day
    end as days_off,
    s.results
from sampled as s
inner join star.dim_study_time as t on s.study_time_key = t.study_time_key
inner join star.dim_planned_visit as v on s.planned_visit_key = v.planned_visit_key
where t.study_day < v.min_start_day or t.study_day > v.max_start_day;
