-- Lab tests and assessed components, each of a patient, or else of the arm of its animal or pool.
with page as (
    select * from part.observation_page
),

results as (
    select
        1 as kind,
        f.study_key,
        f.lab_test_accession as accession,
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
    from page as p
    inner join star.fact_lab_test as f on p.cursor_2 = f.study_key and p.cursor_3 = f.lab_test_accession
    where p.cursor_1 = 1
    union all
    select
        2 as kind,
        f.study_key,
        f.assessment_component_accession as accession,
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
    from page as p
    inner join star.fact_assessment as f
        on p.cursor_2 = f.study_key and p.cursor_3 = f.assessment_component_accession
    where p.cursor_1 = 2
),

arms as (
    select * from part.arms_of_page
)

select
    p.cursor_1,
    p.cursor_2,
    p.cursor_3,
    r.accession,
    r.category,
    r.assessment_type,
    r.test_name,
    r.name_reported,
    r.value_reported,
    r.study_day,
    s.study_accession,
    s.latest_data_release_date as last_updated,
    v.name as visit,
    m.biosample_accession,
    case when r.value_quality in ('ok', 'censored_low', 'censored_high') then r.value_number end
        as value_number,
    r.value_operator,
    case
        when r.value_source = 'preferred' then coalesce(r.unit_preferred, r.unit_reported)
        else coalesce(r.unit_reported, r.unit_preferred)
    end as unit,
    case when b.is_pool is false and e.species = 'Homo sapiens' then b.subject_accession end
        as patient_accession,
    case when (b.is_pool is false and e.species = 'Homo sapiens') is not true then a.arm_accession end
        as arm_accession
from page as p
inner join results as r on p.cursor_1 = r.kind and p.cursor_2 = r.study_key and p.cursor_3 = r.accession
inner join star.dim_study as s on p.cursor_2 = s.study_key
left join star.dim_subject as b on p.subject_key = b.subject_key and b.subject_key > 0
left join star.dim_species as e on b.species_key = e.species_key
left join star.dim_biosample as m
    on p.biosample_key = m.biosample_key and p.cursor_2 = m.study_key and m.biosample_key > 0
left join star.dim_planned_visit as v
    on p.planned_visit_key = v.planned_visit_key and p.cursor_2 = v.study_key and v.planned_visit_key > 0
left join arms as a on p.cursor_2 = a.study_key and p.subject_key = a.subject_key
order by p.cursor_1, p.cursor_2, p.cursor_3;
