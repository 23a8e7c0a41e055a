-- The arm of each subject of a page, which stands for an animal or a pool. Part of a query that has a `page`.
select
    t.study_key,
    t.subject_key,
    min(t.arm_accession) as arm_accession
from star.dim_participation as t
where t.participation_key > 0 and t.subject_key in (select p.subject_key from page as p)
group by t.study_key, t.subject_key;
