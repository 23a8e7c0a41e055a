-- Human subjects, not pools of them, that take part in a study.
with described as (
    select
        t.subject_key,
        max(s.latest_data_release_date) as last_updated,
        bool_or(cast(:study as text[]) is null or s.study_accession = any(cast(:study as text[])))
            as is_of_study
    from star.dim_participation as t
    inner join star.dim_study as s on t.study_key = s.study_key
    where t.participation_key > 0
    group by t.subject_key
)

select
    b.subject_key as cursor_1,
    b.subject_accession,
    d.last_updated,
    b.gender,
    b.race,
    b.ethnicity
from star.dim_subject as b
inner join star.dim_species as e on b.species_key = e.species_key
inner join described as d on b.subject_key = d.subject_key
where
    b.subject_key > 0
    and d.is_of_study
    and e.species = 'Homo sapiens'
    and not b.is_pool
    and (cast(:after_1 as bigint) is null or b.subject_key > cast(:after_1 as bigint))
    and (cast(:id_1 as text[]) is null or b.subject_accession = any(cast(:id_1 as text[])))
    and (cast(:identifier as text[]) is null or b.subject_accession = any(cast(:identifier as text[])))
    and (
        cast(:gender as text[]) is null
        or case when b.gender in ('Male', 'Female', 'Other') then lower(b.gender) else 'unknown' end
        = any(cast(:gender as text[]))
    )
    and (
        cast(:updated_from as timestamptz) is null
        or d.last_updated >= cast(:updated_from as timestamptz)
    )
    and (
        cast(:updated_before as timestamptz) is null
        or d.last_updated < cast(:updated_before as timestamptz)
    )
order by b.subject_key
limit cast(:size as bigint);
