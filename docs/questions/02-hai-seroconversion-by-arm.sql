-- 2. What share of each arm seroconverts by HAI, at least fourfold and at least 40?
-- Subjects without baseline or peak are counted apart: they are in no share.
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
