-- Persons of studies.
select distinct on (d.person_key)
    d.person_key as cursor_1,
    d.person_accession,
    d.honorific,
    d.first_name,
    d.last_name,
    d.suffixes,
    s.last_updated
from star.dim_person as d
inner join part.studies as s on d.study_key = s.study_key
where
    d.person_key > 0
    and (cast(:after_1 as bigint) is null or d.person_key > cast(:after_1 as bigint))
    and (cast(:id_1 as text[]) is null or d.person_accession = any(cast(:id_1 as text[])))
    and (cast(:identifier as text[]) is null or d.person_accession = any(cast(:identifier as text[])))
    and (cast(:family as text[]) is null or d.last_name ilike any(cast(:family as text[])))
    and (cast(:given as text[]) is null or d.first_name ilike any(cast(:given as text[])))
order by d.person_key, d.study_key
limit cast(:size as bigint);
