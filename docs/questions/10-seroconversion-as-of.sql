-- 10. What was the answer to question 2 as of DR50?
set "star.as_of" = 'DR50';
select
    study_accession,
    arm,
    strain,
    subjects,
    subjects - evaluable as not_evaluable,
    seroconverted,
    seroconverted_percent
from mart.titre_response_summary
where assay = 'HAI'
order by study_accession, arm, strain;
reset "star.as_of";
