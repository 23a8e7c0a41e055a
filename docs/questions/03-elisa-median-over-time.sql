-- 3. What is the median level of each analyte by ELISA, by arm and day, in pg/ml?
select
    study_accession,
    arm,
    analyte,
    study_day,
    results,
    left_out,
    median
from mart.cytokine_profile
where assay = 'ELISA' and lower(unit) = 'pg/ml'
order by study_accession, arm, analyte, study_day;
