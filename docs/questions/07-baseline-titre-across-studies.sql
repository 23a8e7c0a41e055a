-- 7. What is the geometric mean HAI titre at baseline, by strain, across studies?
-- Only where time zero is the first vaccination: another time zero is another baseline.
select
    strain,
    count(distinct study_accession) as studies,
    count(distinct subject_accession) as people,
    round(exp(avg(ln(baseline_titre))), 2) as baseline_gmt
from mart.hai_response
where baseline_titre is not null and t0_event = 'Time of initial vaccine administration'
group by strain
order by strain;
