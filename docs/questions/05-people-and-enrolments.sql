-- 5. How many people are there, and how many enrolments?
-- A person in two studies is one person and two enrolments.
select
    e.species,
    count(distinct p.subject_key) filter (where u.is_pool is not true) as individuals,
    count(*) filter (where u.is_pool is not true) as enrolments,
    count(distinct p.subject_key) filter (where u.is_pool) as pools
from star.dim_participation as p
inner join star.dim_subject as u on p.subject_key = u.subject_key
inner join star.dim_species as e on u.species_key = e.species_key
where p.participation_key > 0
group by e.species
order by e.species;
