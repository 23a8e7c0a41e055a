-- 22. How many studies are there per condition and program, each study counted once in the weighted sum?
select
    coalesce(c.condition_preferred, c.condition_reported) as study_condition,
    p.name as program_name,
    count(distinct c.study_key) as studies,
    round(sum(c.weight * g.weight), 3) as weighted_studies
from star.bridge_study_condition as c
inner join star.bridge_study_grant as g on c.study_key = g.study_key
inner join star.dim_program as p on g.program_key = p.program_key
group by coalesce(c.condition_preferred, c.condition_reported), p.name
order by study_condition, program_name;
