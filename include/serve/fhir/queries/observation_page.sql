-- Which lab tests and assessed components a page has: what is counted, too.
with studies as (
    select s.study_key
    from star.dim_study as s
    where
        s.study_key > 0
        and (cast(:study as text[]) is null or s.study_accession = any(cast(:study as text[])))
        and (
            cast(:updated_from as timestamptz) is null
            or s.latest_data_release_date >= cast(:updated_from as timestamptz)
        )
        and (
            cast(:updated_before as timestamptz) is null
            or s.latest_data_release_date < cast(:updated_before as timestamptz)
        )
),

patients as (
    select b.subject_key
    from star.dim_subject as b
    inner join star.dim_species as e on b.species_key = e.species_key
    where
        b.subject_accession = any(cast(:patient as text[]))
        and e.species = 'Homo sapiens'
        and not b.is_pool
),

samples as (
    select m.biosample_key
    from star.dim_biosample as m
    where m.biosample_accession = any(cast(:specimen as text[]))
),

lab_tests as (
    select
        1 as kind,
        f.study_key,
        f.lab_test_accession as accession,
        f.subject_key,
        f.biosample_key,
        f.planned_visit_key
    from star.fact_lab_test as f
    where
        f.study_key in (select s.study_key from studies as s)
        and (cast(:category as text[]) is null or 'laboratory' = any(cast(:category as text[])))
        and (cast(:patient as text[]) is null or f.subject_key in (select p.subject_key from patients as p))
        and (
            cast(:specimen as text[]) is null or f.biosample_key in (select m.biosample_key from samples as m)
        )
        and (cast(:id_1 as text[]) is null or f.lab_test_accession = any(cast(:id_1 as text[])))
        and (cast(:identifier as text[]) is null or f.lab_test_accession = any(cast(:identifier as text[])))
        and (
            cast(:after_1 as bigint) is null
            or cast(:after_1 as bigint) < 1
            or cast(:after_1 as bigint) = 1
            and (f.study_key, f.lab_test_accession)
            > (cast(:after_2 as bigint), cast(:after_3 as text))
        )
    order by f.study_key, f.lab_test_accession
    limit cast(:size as bigint)
),

assessments as (
    select
        2 as kind,
        f.study_key,
        f.assessment_component_accession as accession,
        f.subject_key,
        cast(0 as bigint) as biosample_key,
        f.planned_visit_key
    from star.fact_assessment as f
    where
        f.study_key in (select s.study_key from studies as s)
        and cast(:specimen as text[]) is null
        and (cast(:category as text[]) is null or 'survey' = any(cast(:category as text[])))
        and (cast(:patient as text[]) is null or f.subject_key in (select p.subject_key from patients as p))
        and (cast(:id_1 as text[]) is null or f.assessment_component_accession = any(cast(:id_1 as text[])))
        and (
            cast(:identifier as text[]) is null
            or f.assessment_component_accession = any(cast(:identifier as text[]))
        )
        and (
            cast(:after_1 as bigint) is null
            or cast(:after_1 as bigint) < 2
            or cast(:after_1 as bigint) = 2
            and (f.study_key, f.assessment_component_accession)
            > (cast(:after_2 as bigint), cast(:after_3 as text))
        )
    order by f.study_key, f.assessment_component_accession
    limit cast(:size as bigint)
)

select
    u.kind as cursor_1,
    u.study_key as cursor_2,
    u.accession as cursor_3,
    u.subject_key,
    u.biosample_key,
    u.planned_visit_key
from (
    select * from lab_tests
    union all
    select * from assessments
) as u
order by u.kind, u.study_key, u.accession
limit cast(:size as bigint);
