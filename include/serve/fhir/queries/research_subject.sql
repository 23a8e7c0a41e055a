-- Human subjects in the arms of their studies: the patients, once for each arm.
select distinct on (t.participation_key)
    t.participation_key as cursor_1,
    t.arm_accession,
    t.subject_accession,
    s.study_accession,
    s.last_updated,
    a.name as arm,
    case s.status when 'completed' then 'off-study' else 'on-study' end as status
from star.dim_participation as t
inner join part.studies as s on t.study_key = s.study_key
inner join star.dim_subject as b on t.subject_key = b.subject_key
inner join star.dim_species as e on b.species_key = e.species_key
inner join star.dim_arm as a on t.arm_key = a.arm_key and t.study_key = a.study_key
where
    t.participation_key > 0
    and e.species = 'Homo sapiens'
    and not b.is_pool
    and (cast(:after_1 as bigint) is null or t.participation_key > cast(:after_1 as bigint))
    and (
        cast(:id_1 as text[]) is null
        or (t.arm_accession, t.subject_accession) in (
            select
                i.arm,
                i.subject
            from unnest(cast(:id_1 as text[]), cast(:id_2 as text[])) as i (arm, subject)
        )
    )
    and (cast(:patient as text[]) is null or t.subject_accession = any(cast(:patient as text[])))
    and (
        cast(:status as text[]) is null
        or case s.status when 'completed' then 'off-study' else 'on-study' end
        = any(cast(:status as text[]))
    )
order by t.participation_key, t.study_key
limit cast(:size as bigint);
