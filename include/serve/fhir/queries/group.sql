-- Arms of studies, each with the number and the species of its subjects.
with page as (
    select distinct on (a.arm_key)
        a.arm_key,
        a.study_key,
        a.arm_accession,
        a.name,
        a.description,
        coalesce(a.type_preferred, a.type_reported) as arm_type,
        s.study_accession,
        s.last_updated
    from star.dim_arm as a
    inner join part.studies as s on a.study_key = s.study_key
    where
        a.arm_key > 0
        and (cast(:after_1 as bigint) is null or a.arm_key > cast(:after_1 as bigint))
        and (cast(:id_1 as text[]) is null or a.arm_accession = any(cast(:id_1 as text[])))
        and (cast(:identifier as text[]) is null or a.arm_accession = any(cast(:identifier as text[])))
    order by a.arm_key, a.study_key
    limit cast(:size as bigint)
),

people as (
    select
        t.study_key,
        t.arm_key,
        count(*) as subjects,
        bool_and(e.species is distinct from 'Homo sapiens' and e.species is not null) as is_of_animals,
        jsonb_agg(distinct jsonb_build_object('species', e.species)) filter (where e.species is not null)
            as species
    from star.dim_participation as t
    inner join star.dim_species as e on t.species_key = e.species_key
    where t.participation_key > 0 and t.arm_key in (select p.arm_key from page as p)
    group by t.study_key, t.arm_key
)

select
    p.arm_key as cursor_1,
    p.arm_accession,
    p.name,
    p.description,
    p.arm_type,
    p.study_accession,
    p.last_updated,
    coalesce(n.subjects, 0) as subjects,
    coalesce(n.is_of_animals, false) as is_of_animals,
    n.species
from page as p
left join people as n on p.arm_key = n.arm_key and p.study_key = n.study_key
order by p.arm_key;
