-- Which lab tests and assessed components a page has: what is counted, too.
with studies as ( -- noqa: ST03
    select s.study_key from part.studies as s
),

patients as ( -- noqa: ST03
    select * from part.patients
),

samples as (
    select m.biosample_key
    from star.dim_biosample as m
    where m.biosample_accession = any(cast(:specimen as text[]))
),

lab_tests as (
    select
        f.kind,
        f.study_key,
        f.accession,
        f.subject_key,
        f.biosample_key,
        f.planned_visit_key
    from part.lab_tests as f
    where
        (cast(:specimen as text[]) is null or f.biosample_key in (select m.biosample_key from samples as m))
        and (cast(:id_1 as text[]) is null or f.accession = any(cast(:id_1 as text[])))
        and (cast(:identifier as text[]) is null or f.accession = any(cast(:identifier as text[])))
        and (
            cast(:after_1 as bigint) is null
            or cast(:after_1 as bigint) < 1
            or cast(:after_1 as bigint) = 1
            and (f.study_key, f.accession) > (cast(:after_2 as bigint), cast(:after_3 as text))
        )
    order by f.study_key, f.accession
    limit cast(:size as bigint)
),

assessments as (
    select
        f.kind,
        f.study_key,
        f.accession,
        f.subject_key,
        f.biosample_key,
        f.planned_visit_key
    from part.assessments as f
    where
        cast(:specimen as text[]) is null
        and (cast(:id_1 as text[]) is null or f.accession = any(cast(:id_1 as text[])))
        and (cast(:identifier as text[]) is null or f.accession = any(cast(:identifier as text[])))
        and (
            cast(:after_1 as bigint) is null
            or cast(:after_1 as bigint) < 2
            or cast(:after_1 as bigint) = 2
            and (f.study_key, f.accession) > (cast(:after_2 as bigint), cast(:after_3 as text))
        )
    order by f.study_key, f.accession
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
