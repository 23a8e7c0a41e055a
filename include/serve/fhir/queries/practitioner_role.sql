-- What persons are in their studies, and for which organization.
select
    b.study_key as cursor_1,
    b.person_accession as cursor_2,
    b.person_accession,
    b.role_in_study,
    b.title_in_study,
    b.site_name,
    s.study_accession,
    s.last_updated,
    d.organization,
    'org-' || left(md5(nullif(btrim(d.organization), '')), 12) as organization_id,
    concat_ws(' ', d.honorific, d.first_name, d.last_name, d.suffixes) as person
from star.bridge_study_personnel as b
inner join part.studies as s on b.study_key = s.study_key
inner join star.dim_person as d on b.person_key = d.person_key and b.study_key = d.study_key
where
    (
        cast(:after_1 as bigint) is null
        or (b.study_key, b.person_accession) > (cast(:after_1 as bigint), cast(:after_2 as text))
    )
    and (cast(:id_1 as text[]) is null or b.person_accession = any(cast(:id_1 as text[])))
    and (cast(:practitioner as text[]) is null or b.person_accession = any(cast(:practitioner as text[])))
    and (
        cast(:organization as text[]) is null
        or 'org-' || left(md5(nullif(btrim(d.organization), '')), 12) = any(cast(:organization as text[]))
    )
order by b.study_key, b.person_accession
limit cast(:size as bigint);
