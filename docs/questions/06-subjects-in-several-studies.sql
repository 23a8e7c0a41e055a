-- 6. Which subjects take part in several studies, and at what age in each?
select
    u.subject_accession,
    count(distinct p.study_key) as studies,
    string_agg(s.study_accession || ' at ' || round(p.min_age_years, 1), ', ' order by s.study_accession)
        as ages
from star.dim_participation as p
inner join star.dim_subject as u on p.subject_key = u.subject_key
inner join star.dim_study as s on p.study_key = s.study_key
where p.participation_key > 0
group by u.subject_accession
having count(distinct p.study_key) > 1
order by u.subject_accession;
