-- Which of a subject's arms comes first: a template describes a subject in one arm.
select
    t.participation_key,
    row_number() over (partition by t.subject_key order by t.arm_accession) as place
from star.dim_participation as t
where t.study_key = :study_key and t.participation_key > 0
