-- 7. What is the geometric mean HAI titre at baseline, by strain, across studies?
-- Only where time zero is the first vaccination: another time zero is another baseline.
select
    strain,
    measurement_technique,
    biosample_type,
    species,
    count(distinct study_accession) as studies,
    count(distinct subject_accession) as subjects,
    round(exp(avg(ln(baseline_titre))), 2) as baseline_gmt,
    policy
from mart.hai_response
where baseline_titre > 0 and t0_event = 'Time of initial vaccine administration'
group by strain, measurement_technique, biosample_type, species, policy
order by strain, measurement_technique, biosample_type, species;
