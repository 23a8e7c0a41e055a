-- Panels of lab tests and of assessed components, one report for each subject.
with studies as (
    select
        s.study_key,
        s.study_accession,
        s.last_updated
    from part.studies as s
),

patients as (
    select * from part.patients
),

subjects as (
    select
        b.subject_key,
        b.subject_accession,
        e.species = 'Homo sapiens' and not b.is_pool as is_patient
    from star.dim_subject as b
    inner join star.dim_species as e on b.species_key = e.species_key
    where
        (
            cast(:id_2 as text[]) is null
            or b.subject_accession = any(cast(:id_2 as text[]))
            or b.subject_key = 0 and 'unknown' = any(cast(:id_2 as text[]))
        )
        and (cast(:patient as text[]) is null or b.subject_key in (select p.subject_key from patients as p))
),

lab_tests as (
    select
        f.kind,
        f.study_key,
        f.panel_accession,
        f.subject_key,
        f.category,
        min(f.panel_name) as panel_name,
        jsonb_agg(jsonb_build_object('accession', f.accession) order by f.accession) as results,
        array_agg(distinct f.biosample_key) filter (where f.biosample_key > 0) as samples
    from part.lab_tests as f
    where
        f.panel_accession <> ''
        and f.subject_key in (select b.subject_key from subjects as b)
        and (cast(:id_1 as text[]) is null or f.panel_accession = any(cast(:id_1 as text[])))
        and (cast(:identifier as text[]) is null or f.panel_accession = any(cast(:identifier as text[])))
        and (
            cast(:after_1 as bigint) is null
            or cast(:after_1 as bigint) < 1
            or cast(:after_1 as bigint) = 1
            and (f.study_key, f.panel_accession, f.subject_key)
            > (cast(:after_2 as bigint), cast(:after_3 as text), cast(:after_4 as bigint))
        )
    group by f.kind, f.study_key, f.panel_accession, f.subject_key, f.category
    order by f.study_key, f.panel_accession, f.subject_key
    limit cast(:size as bigint)
),

assessments as (
    select
        f.kind,
        f.study_key,
        f.panel_accession,
        f.subject_key,
        f.category,
        min(f.panel_name) as panel_name,
        jsonb_agg(jsonb_build_object('accession', f.accession) order by f.accession) as results,
        cast(null as bigint[]) as samples
    from part.assessments as f
    where
        f.panel_accession <> ''
        and f.subject_key in (select b.subject_key from subjects as b)
        and (cast(:id_1 as text[]) is null or f.panel_accession = any(cast(:id_1 as text[])))
        and (cast(:identifier as text[]) is null or f.panel_accession = any(cast(:identifier as text[])))
        and (
            cast(:after_1 as bigint) is null
            or cast(:after_1 as bigint) < 2
            or cast(:after_1 as bigint) = 2
            and (f.study_key, f.panel_accession, f.subject_key)
            > (cast(:after_2 as bigint), cast(:after_3 as text), cast(:after_4 as bigint))
        )
    group by f.kind, f.study_key, f.panel_accession, f.subject_key, f.category
    order by f.study_key, f.panel_accession, f.subject_key
    limit cast(:size as bigint)
),

page as (
    select * from lab_tests
    union all
    select * from assessments
    order by kind, study_key, panel_accession, subject_key
    limit cast(:size as bigint)
),

arms as (
    select * from part.arms_of_page
),

samples as (
    select
        p.study_key,
        p.panel_accession,
        p.subject_key,
        jsonb_agg(
            distinct jsonb_build_object('accession', m.biosample_accession)
        ) as specimens
    from page as p
    inner join star.dim_biosample as m on m.biosample_key = any(p.samples) and p.study_key = m.study_key
    group by p.study_key, p.panel_accession, p.subject_key
)

select
    p.kind as cursor_1,
    p.study_key as cursor_2,
    p.panel_accession as cursor_3,
    p.subject_key as cursor_4,
    p.panel_accession,
    coalesce(b.subject_accession, 'unknown') as subject_accession,
    p.category,
    p.panel_name,
    p.results,
    m.specimens,
    s.study_accession,
    s.last_updated,
    case when b.is_patient then b.subject_accession end as patient_accession,
    case when b.is_patient is not true then a.arm_accession end as arm_accession
from page as p
inner join studies as s on p.study_key = s.study_key
inner join subjects as b on p.subject_key = b.subject_key
left join arms as a on p.study_key = a.study_key and p.subject_key = a.subject_key
left join samples as m
    on p.study_key = m.study_key and p.panel_accession = m.panel_accession and p.subject_key = m.subject_key
order by p.kind, p.study_key, p.panel_accession, p.subject_key;
