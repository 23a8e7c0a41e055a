-- 3. What is the median level of each analyte by ELISA, by arm and day, in pg/ml?
-- Of one kind of sample, treated alike, with one time zero. Values below a limit count by the policy named.
select
    study_accession,
    arm,
    analyte,
    biosample_type,
    treatment,
    t0_event,
    study_day,
    results,
    left_out,
    median,
    policy
from mart.cytokine_profile
where assay = 'ELISA' and unit = 'pg/ml'
order by study_accession, arm, analyte, biosample_type, treatment, t0_event, study_day;
