select
    c.species,
    s.study_accession,
    count(distinct p.subject_key) filter (where not u.is_pool) as individuals,
    count(distinct p.subject_key) filter (where u.is_pool) as pools,
    count(distinct p.subject_key) filter (where u.is_pool is null) as undescribed,
    count(*) as participations
from star.dim_participation as p
inner join star.dim_subject as u on p.subject_key = u.subject_key
inner join star.dim_species as c on u.species_key = c.species_key
inner join star.dim_study as s on p.study_key = s.study_key
where p.participation_key > 0
group by grouping sets ((c.species, s.study_accession), (c.species));
