-- Studies with what belongs to each: arms, conditions, persons, publications.
with page as (
    select s.*
    from part.changed_studies as s
    where
        (cast(:after_1 as bigint) is null or s.study_key > cast(:after_1 as bigint))
        and (cast(:id_1 as text[]) is null or s.study_accession = any(cast(:id_1 as text[])))
        and (cast(:identifier as text[]) is null or s.study_accession = any(cast(:identifier as text[])))
        and (cast(:title as text[]) is null or s.brief_title ilike any(cast(:title as text[])))
        and (cast(:status as text[]) is null or s.status = any(cast(:status as text[])))
    order by s.study_key
    limit cast(:size as bigint)
),

arms as (
    select
        a.study_key,
        jsonb_agg(
            jsonb_build_object(
                'arm_accession', a.arm_accession,
                'name', coalesce(nullif(btrim(a.name), ''), a.arm_accession),
                'description', a.description,
                'type', coalesce(a.type_preferred, a.type_reported)
            ) order by a.arm_key
        ) as arms
    from star.dim_arm as a
    where a.arm_key > 0 and a.study_key in (select p.study_key from page as p)
    group by a.study_key
),

conditions as (
    select
        c.study_key,
        jsonb_agg(distinct jsonb_build_object('name', coalesce(c.condition_preferred, c.condition_reported)))
            as conditions
    from star.bridge_study_condition as c
    where c.study_key in (select p.study_key from page as p)
    group by c.study_key
),

persons as (
    select
        b.study_key,
        jsonb_agg(
            jsonb_build_object(
                'person_accession', b.person_accession,
                'name', concat_ws(' ', d.honorific, d.first_name, d.last_name, d.suffixes),
                'role', b.role_in_study,
                'is_principal', b.role_in_study ~* '^principal investigator'
            ) order by b.person_accession
        ) as persons
    from star.bridge_study_personnel as b
    inner join star.dim_person as d on b.person_key = d.person_key and b.study_key = d.study_key
    where b.study_key in (select p.study_key from page as p)
    group by b.study_key
),

publications as (
    select
        b.study_key,
        jsonb_agg(
            jsonb_build_object(
                'title', d.title,
                'citation', concat_ws(', ', d.authors, d.title, d.journal, d.year, 'PMID ' || b.pubmed_id)
            ) order by b.pubmed_id
        ) as publications
    from star.bridge_study_pubmed as b
    inner join star.dim_publication as d on b.publication_key = d.publication_key
    where b.study_key in (select p.study_key from page as p)
    group by b.study_key
)

select
    p.study_key as cursor_1,
    p.study_accession,
    p.last_updated,
    p.status,
    p.brief_title,
    p.official_title,
    p.brief_description,
    p.description,
    p.objectives,
    p.type,
    p.research_focus,
    p.intervention_agent,
    p.target_enrollment,
    p.actual_enrollment,
    p.actual_start_date,
    p.actual_completion_date,
    p.sponsoring_organization,
    'org-' || left(md5(nullif(btrim(p.sponsoring_organization), '')), 12) as sponsor_id,
    a.arms,
    c.conditions,
    r.persons,
    u.publications
from page as p
left join arms as a on p.study_key = a.study_key
left join conditions as c on p.study_key = c.study_key
left join persons as r on p.study_key = r.study_key
left join publications as u on p.study_key = u.study_key
order by p.study_key;
