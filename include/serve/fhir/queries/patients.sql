-- The patients whom a search names; none without a name.
select b.subject_key
from star.dim_subject as b
inner join star.dim_species as e on b.species_key = e.species_key
where
    b.subject_accession = any(cast(:patient as text[]))
    and e.species = 'Homo sapiens'
    and not b.is_pool;
