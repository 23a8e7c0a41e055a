-- 10. What was the answer to question 2 as of DR50?
set "star.as_of" = 'DR50';
select
    study_accession,
    arm,
    strain,
    measurement_technique,
    biosample_type,
    t0_event,
    subjects,
    subjects - evaluable as not_evaluable,
    seroconverted,
    seroconverted_percent,
    policy
from mart.titre_response_summary
where assay = 'HAI'
order by study_accession, arm, strain, measurement_technique, biosample_type, t0_event;
reset "star.as_of";
