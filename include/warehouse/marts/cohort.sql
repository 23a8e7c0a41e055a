-- Purpose: Who is in each arm: people and pools, sexes, ages.
-- Grain: one arm and one species.
-- Caveat: a subject in two arms is in both; do not add up arms or studies to count people, see
--   mart.demographics. Ages belong to the study; of a range the lower bound counts.
-- Censored: there are none.
-- Apart:
--   sample type: (subjects are counted, not samples)
--   technique: (ages are not measured)
--   unit: (ages are all in years)
--   stimulation: (subjects are counted, not samples)
--   time zero: (ages are those at the event that each study names)
--   statistic: (ages alone)
--   species: species
-- Leaves out: nothing; pools are in no count of individuals and in no age.
-- Columns:
--   study_accession text: Study
--   arm_accession text: Arm
--   arm text: Name of the arm
--   arm_type text: Type of the arm: in ImmPort's words, else as reported
--   species text: Species; null where it is not known
--   subjects bigint: Subjects that are individuals
--   pools bigint: Subjects that stand for pooled individuals
--   female bigint: Individuals whose sex is Female
--   male bigint: Individuals whose sex is Male
--   other_sex bigint: Individuals whose sex is another, or not reported
--   in_other_studies bigint: Individuals that also take part in another study
--   youngest numeric: Lowest age (unit: years)
--   median_age numeric: Median age (unit: years)
--   oldest numeric: Highest age, by the lower bound (unit: years)
create or replace view mart.cohort
with (security_invoker = true) as
with membership as (
    select
        p.*,
        min(p.study_key) over (partition by p.subject_key)
        <> max(p.study_key) over (partition by p.subject_key) as is_in_several
    from star.dim_participation as p
    where p.participation_key > 0
)

select
    s.study_accession,
    a.arm_accession,
    a.name as arm,
    coalesce(a.type_preferred, a.type_reported) as arm_type,
    e.species,
    count(*) filter (where u.is_pool is not true) as subjects,
    count(*) filter (where u.is_pool) as pools,
    count(*) filter (where u.is_pool is not true and u.gender = 'Female') as female,
    count(*) filter (where u.is_pool is not true and u.gender = 'Male') as male,
    count(*) filter (where u.is_pool is not true and coalesce(u.gender, '') not in ('Female', 'Male'))
        as other_sex,
    count(*) filter (where u.is_pool is not true and m.is_in_several) as in_other_studies,
    round(min(m.min_age_years) filter (where u.is_pool is not true), 2) as youngest,
    round(
        (
            percentile_cont(0.5) within group (order by m.min_age_years::double precision)
            filter (where u.is_pool is not true)
        )::numeric, 2
    ) as median_age,
    round(max(m.min_age_years) filter (where u.is_pool is not true), 2) as oldest
from membership as m
inner join star.dim_study as s on m.study_key = s.study_key
inner join star.dim_arm as a on m.arm_key = a.arm_key
inner join star.dim_subject as u on m.subject_key = u.subject_key
inner join star.dim_species as e on u.species_key = e.species_key
group by s.study_accession, a.arm_accession, a.name, coalesce(a.type_preferred, a.type_reported), e.species;
