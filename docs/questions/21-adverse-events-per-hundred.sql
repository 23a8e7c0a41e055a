-- 21. How many adverse events are there per hundred subjects, by arm and severity?
select
    study_accession,
    arm,
    severity,
    arm_subjects,
    events,
    events_per_100
from mart.adverse_event_rate
order by study_accession, arm, severity;
