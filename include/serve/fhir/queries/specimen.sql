-- Biological samples, each of a patient, or else of the arm of its animal or pool.
with page as (
    select distinct on (m.biosample_key)
        m.biosample_key,
        m.study_key,
        m.subject_key,
        m.biosample_accession,
        m.type,
        m.subtype,
        m.name,
        m.description,
        v.name as visit,
        s.study_accession,
        s.last_updated,
        b.subject_accession,
        b.is_pool is false and e.species = 'Homo sapiens' as is_patient
    from star.dim_biosample as m
    inner join part.studies as s on m.study_key = s.study_key
    left join star.dim_subject as b on m.subject_key = b.subject_key and b.subject_key > 0
    left join star.dim_species as e on b.species_key = e.species_key
    left join star.dim_planned_visit as v
        on m.planned_visit_key = v.planned_visit_key and m.study_key = v.study_key
    where
        m.biosample_key > 0
        and (cast(:after_1 as bigint) is null or m.biosample_key > cast(:after_1 as bigint))
        and (cast(:id_1 as text[]) is null or m.biosample_accession = any(cast(:id_1 as text[])))
        and (cast(:identifier as text[]) is null or m.biosample_accession = any(cast(:identifier as text[])))
        and (
            cast(:patient as text[]) is null
            or b.subject_accession = any(cast(:patient as text[]))
            and b.is_pool is false and e.species = 'Homo sapiens'
        )
    order by m.biosample_key, m.study_key
    limit cast(:size as bigint)
),

arms as (
    select * from part.arms_of_page
)

select
    p.biosample_key as cursor_1,
    p.biosample_accession,
    p.type,
    p.subtype,
    p.name,
    p.description,
    p.visit,
    p.study_accession,
    p.last_updated,
    case when p.is_patient then p.subject_accession end as patient_accession,
    case when p.is_patient is not true then a.arm_accession end as arm_accession
from page as p
left join arms as a on p.study_key = a.study_key and p.subject_key = a.subject_key
order by p.biosample_key;
