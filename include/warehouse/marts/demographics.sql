-- Purpose: People by sex, race and ethnicity, in each study and in all together.
-- Grain: one study, or all studies together, with one sex, race and ethnicity.
-- Caveat: a person counts once in a study and once in all studies. Counts of one to four are masked: people
--   is null there. Differences between rows may still show a masked count.
-- Censored: there are none.
-- Apart: nothing is summarised but counts.
-- Leaves out: animals, subjects of unknown species, and pools: a study without people has no row here, and
--   none of its subjects in the sum; mart.cohort has them.
-- Columns:
--   study_accession text: Study; null for all studies together
--   sex text: Sex as ImmPort names it; 'not reported' where it is null
--   race text: Race; 'not reported' where it is null
--   ethnicity text: Ethnicity; 'not reported' where it is null
--   people bigint: People; null when there are fewer than five
--   people_shown text: The same as text: <5 where it is masked
create or replace view mart.demographics
with (security_invoker = true) as
with people as (
    select distinct
        s.study_accession,
        u.subject_key,
        coalesce(u.gender, 'not reported') as sex,
        coalesce(u.race, 'not reported') as race,
        coalesce(u.ethnicity, 'not reported') as ethnicity
    from star.dim_participation as p
    inner join star.dim_study as s on p.study_key = s.study_key
    inner join star.dim_subject as u on p.subject_key = u.subject_key
    inner join star.dim_species as e on u.species_key = e.species_key
    where p.participation_key > 0 and u.is_pool is not true and e.species = 'Homo sapiens'
),

counted as (
    select
        study_accession,
        sex,
        race,
        ethnicity,
        count(distinct subject_key) as people
    from people
    group by grouping sets ((study_accession, sex, race, ethnicity), (sex, race, ethnicity))
)

select
    study_accession,
    sex,
    race,
    ethnicity,
    case when people >= 5 then people end as people,
    case when people >= 5 then people::text else '<5' end as people_shown
from counted;
