-- 4. How many subjects of each sex are in each arm, pools apart?
select
    study_accession,
    arm,
    subjects,
    female,
    male,
    other_sex,
    pools
from mart.cohort
order by study_accession, arm;
