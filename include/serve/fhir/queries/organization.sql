-- Organizations of persons and sponsors of studies, by their name: ImmPort has no accessions of them.
with named as (
    select
        d.study_key,
        btrim(d.organization) as organization
    from star.dim_person as d
    where d.person_key > 0 and btrim(d.organization) <> ''
    union
    select
        s.study_key,
        btrim(s.sponsoring_organization) as organization
    from star.dim_study as s
    where s.study_key > 0 and btrim(s.sponsoring_organization) <> ''
),

found as (
    select
        'org-' || left(md5(n.organization), 12) as organization_id,
        min(n.organization) as organization,
        max(s.latest_data_release_date) as last_updated,
        bool_or(cast(:study as text[]) is null or s.study_accession = any(cast(:study as text[])))
            as is_of_study
    from named as n
    inner join star.dim_study as s on n.study_key = s.study_key
    group by left(md5(n.organization), 12)
)

select
    f.organization_id as cursor_1,
    f.organization_id,
    f.organization,
    f.last_updated
from found as f
where
    f.is_of_study
    and (cast(:after_1 as text) is null or f.organization_id > cast(:after_1 as text))
    and (cast(:id_1 as text[]) is null or f.organization_id = any(cast(:id_1 as text[])))
    and (cast(:name as text[]) is null or f.organization ilike any(cast(:name as text[])))
    and (
        cast(:updated_from as timestamptz) is null
        or f.last_updated >= cast(:updated_from as timestamptz)
    )
    and (
        cast(:updated_before as timestamptz) is null
        or f.last_updated < cast(:updated_before as timestamptz)
    )
order by f.organization_id
limit cast(:size as bigint);
