-- 27. How many results have no known subject, arm, sample or visit, and how many samples no visit?
select
    assay as relation,
    count(*) as row_count,
    count(*) filter (where subject_key = 0) as without_subject,
    count(*) filter (where subject_key < 0) as of_controls,
    count(*) filter (where arm_key = 0) as without_arm,
    count(*) filter (where biosample_key = 0) as without_biosample,
    count(*) filter (where planned_visit_key = 0) as without_visit
from star.fact_assay_result
group by assay
union all
select
    'biosamples' as relation,
    count(*) as row_count,
    count(*) filter (where subject_key = 0) as without_subject,
    0 as of_controls,
    null as without_arm,
    0 as without_biosample,
    count(*) filter (where planned_visit_key = 0) as without_visit
from star.dim_biosample
where biosample_key > 0
order by relation;
