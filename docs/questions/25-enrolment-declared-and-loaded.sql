-- 25. Does each study have as many subjects as it says were enrolled?
select
    s.study_accession,
    s.target_enrollment,
    s.actual_enrollment,
    count(distinct p.subject_key) as subjects,
    count(distinct p.subject_key) - s.actual_enrollment as difference
from star.dim_study as s
left join star.dim_participation as p on s.study_key = p.study_key and p.participation_key > 0
where s.study_key > 0
group by s.study_accession, s.target_enrollment, s.actual_enrollment
order by s.study_accession;
