-- 8. In which studies and arms do HAI titres have no baseline?
select
    study_accession,
    arm,
    count(*) as responses,
    count(*) filter (where baseline_titre is null) as without_baseline,
    bool_and(baseline_titre is null) as has_none_at_all
from mart.hai_response
group by study_accession, arm
order by study_accession, arm;
