-- Geometric mean fold rise of HAI titres, baseline to day 21-42, by study, arm and strain: what the mart of
-- titre responses says, with its policy for titres below a limit. By half, <10 counts as 5, whatever ImmPort
-- curated.
select
    study_accession as study,
    arm,
    strain,
    evaluable as subjects,
    fold_rise,
    policy
from mart.titre_response_summary
where assay = 'HAI' and evaluable > 0
order by study_accession, arm, strain, measurement_technique, biosample_type, t0_event;
