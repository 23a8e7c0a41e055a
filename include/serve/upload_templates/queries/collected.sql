-- When a biosample was taken: the star has the time with the sample's results and files.
with named as (
    select
        r.biosample_key,
        r.study_time_key
    from star.fact_assay_result as r
    where r.study_key = :study_key and r.biosample_key > 0 and r.study_time_key > 0
    union
    select
        f.biosample_key,
        f.study_time_key
    from star.fact_result_file as f
    where f.study_key = :study_key and f.biosample_key > 0 and f.study_time_key > 0
),

one as (
    select
        n.biosample_key,
        min(n.study_time_key) as study_time_key
    from named as n
    group by n.biosample_key
    having count(*) = 1
)

select
    o.biosample_key,
    t.study_time_collected,
    t.study_time_collected_unit,
    t.study_time_t0_event,
    t.study_time_t0_event_specify
from one as o
inner join star.dim_study_time as t on o.study_time_key = t.study_time_key
