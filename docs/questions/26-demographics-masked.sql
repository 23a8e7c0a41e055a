-- 26. Who takes part, by sex and race, with counts below five masked?
select
    coalesce(study_accession, 'all studies') as study,
    sex,
    race,
    ethnicity,
    people_shown as people
from mart.demographics
order by study_accession nulls first, sex, race, ethnicity;
