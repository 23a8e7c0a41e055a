-- Lab tests and assessed components, each of a patient, or else of the arm of its animal or pool.
with studies as (
    select
        s.study_key,
        s.study_accession,
        s.latest_data_release_date as last_updated
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
        f.planned_visit_key,
        'laboratory' as category,
        null as assessment_type,
        coalesce(f.lab_test_name_preferred, f.lab_test_name_reported) as test_name,
        f.lab_test_name_reported as name_reported,
        f.result_value_reported as value_reported,
        f.value_number,
        f.value_operator,
        f.value_source,
        f.value_quality,
        f.result_unit_reported as unit_reported,
        f.result_unit_preferred as unit_preferred,
        cast(null as numeric) as study_day
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
        f.planned_visit_key,
        'survey' as category,
        f.assessment_type,
        coalesce(f.assessment_component_name_preferred, f.assessment_component_name_reported) as test_name,
        f.assessment_component_name_reported as name_reported,
        coalesce(f.result_value_reported, f.result_value_preferred_text, f.result_value_category)
            as value_reported,
        f.value_number,
        f.value_operator,
        f.value_source,
        f.value_quality,
        f.result_unit_reported as unit_reported,
        f.result_unit_preferred as unit_preferred,
        f.study_day
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
),

page as (
    select * from lab_tests
    union all
    select * from assessments
    order by kind, study_key, accession
    limit cast(:size as bigint)
),

arms as (
    select
        t.study_key,
        t.subject_key,
        min(t.arm_accession) as arm_accession
    from star.dim_participation as t
    where t.participation_key > 0 and t.subject_key in (select p.subject_key from page as p)
    group by t.study_key, t.subject_key
)

select
    p.kind as cursor_1,
    p.study_key as cursor_2,
    p.accession as cursor_3,
    p.accession,
    p.category,
    p.assessment_type,
    p.test_name,
    p.name_reported,
    p.value_reported,
    p.study_day,
    s.study_accession,
    s.last_updated,
    v.name as visit,
    m.biosample_accession,
    case when p.value_quality in ('ok', 'censored_low', 'censored_high') then p.value_number end
        as value_number,
    p.value_operator,
    case
        when p.value_source = 'preferred' then coalesce(p.unit_preferred, p.unit_reported)
        else coalesce(p.unit_reported, p.unit_preferred)
    end as unit,
    case when b.is_pool is false and e.species = 'Homo sapiens' then b.subject_accession end
        as patient_accession,
    case when (b.is_pool is false and e.species = 'Homo sapiens') is not true then a.arm_accession end
        as arm_accession
from page as p
inner join studies as s on p.study_key = s.study_key
left join star.dim_subject as b on p.subject_key = b.subject_key and b.subject_key > 0
left join star.dim_species as e on b.species_key = e.species_key
left join star.dim_biosample as m
    on p.biosample_key = m.biosample_key and p.study_key = m.study_key and m.biosample_key > 0
left join star.dim_planned_visit as v
    on p.planned_visit_key = v.planned_visit_key and p.study_key = v.study_key and v.planned_visit_key > 0
left join arms as a on p.study_key = a.study_key and p.subject_key = a.subject_key
order by p.kind, p.study_key, p.accession;
