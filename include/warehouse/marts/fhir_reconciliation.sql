-- Purpose: What the FHIR server says of each study, compared with ImmPort's Shared Data.
-- Grain: one study, aspect and accession that either of them has: the study, an arm, a subject with its arms,
--   its sex, its race, a sample with its type, a lab test with its value.
-- Caveat: FHIR resources are as of the newest read, or of star.as_of_fhir; Shared Data as of star.as_of.
--   Where no FHIR resources are loaded, all stands only in Shared Data. By which extension ImmPort names the
--   study of a sample or a lab test is not verified: where a resource names none, it is that of the same
--   accession in Shared Data. Sexes are compared in FHIR's words, in which Not Specified is unknown. An arm
--   that is named by nothing but its name is that arm of the study, where one alone has the name.
-- Censored: compared as they stand, with no value taken.
-- Apart: nothing is summarised.
-- Leaves out: of subjects, sex and race what is not of people, whom alone ImmPort maps to FHIR; observations
--   that are not lab tests.
-- Columns:
--   study_accession text: Study; null for a resource of no known study
--   aspect text: study, arm, subject, sex, race, sample or lab test
--   accession text: Accession of what is compared; the id of a resource without one
--   shared_data text: What Shared Data says; null where it has no such thing, or no value
--   fhir text: What the FHIR server says, the same way
--   finding text: equal, differs, only in Shared Data or only in FHIR
create or replace view mart.fhir_reconciliation
with (security_invoker = true) as
with people as (
    select
        s.study_accession,
        u.subject_accession,
        u.race,
        case u.gender
            when 'Female' then 'female'
            when 'Male' then 'male'
            when 'Other' then 'other'
            else 'unknown'
        end as sex,
        string_agg(distinct a.arm_accession, ', ' order by a.arm_accession) as arms
    from star.dim_participation as p
    inner join star.dim_study as s on p.study_key = s.study_key
    inner join star.dim_arm as a on p.arm_key = a.arm_key
    inner join star.dim_subject as u on p.subject_key = u.subject_key
    inner join star.dim_species as e on u.species_key = e.species_key
    where p.participation_key > 0 and e.species = 'Homo sapiens'
    group by s.study_accession, u.subject_accession, u.gender, u.race
),

shared as (
    select
        study_accession,
        'study' as aspect,
        study_accession as accession,
        brief_title as said
    from star.dim_study
    where study_key > 0 and not is_inferred
    union all
    select
        s.study_accession,
        'arm' as aspect,
        a.arm_accession as accession,
        a.name as said
    from star.dim_arm as a
    inner join star.dim_study as s on a.study_key = s.study_key
    where a.arm_key > 0 and not a.is_inferred
    union all
    select
        p.study_accession,
        v.aspect,
        p.subject_accession as accession,
        v.said
    from people as p
    cross join lateral (values ('subject', p.arms), ('sex', p.sex), ('race', p.race)) as v (aspect, said)
    union all
    select
        s.study_accession,
        'sample' as aspect,
        b.biosample_accession as accession,
        b.type as said
    from star.dim_biosample as b
    inner join star.dim_study as s on b.study_key = s.study_key
    where b.biosample_key > 0 and not b.is_inferred
    union all
    select
        s.study_accession,
        'lab test' as aspect,
        f.lab_test_accession as accession,
        concat_ws(
            ' ',
            coalesce(f.lab_test_name_preferred, f.lab_test_name_reported),
            coalesce(
                trim_scale(coalesce(f.result_value_preferred, star.to_number(f.result_value_reported)))::text,
                f.result_value_reported
            ),
            coalesce(f.result_unit_preferred, f.result_unit_reported)
        ) as said
    from star.fact_lab_test as f
    inner join star.dim_study as s on f.study_key = s.study_key
),

study as (
    select
        'ResearchStudy/' || resource_id as reference,
        coalesce(study_accession, resource_id) as study_accession,
        title,
        case when jsonb_typeof(groups) = 'array' then groups end as named_groups
    from star.fact_fhir_research_study
),

arm as (
    select
        'Group/' || resource_id as reference,
        coalesce(arm_accession, resource_id) as arm_accession,
        arm_key,
        name
    from star.fact_fhir_group
),

named as (
    select
        s.study_accession,
        g.named_group as reference
    from study as s
    cross join lateral jsonb_array_elements_text(s.named_groups) as g (named_group)
),

-- In R4B a subject's arm is its name in the study.
called as (
    select
        n.study_accession,
        a.name,
        min(a.arm_accession) as arm_accession
    from named as n
    inner join arm as a on n.reference = a.reference
    group by n.study_accession, a.name
    having count(*) = 1
),

part as (
    select
        t.study_accession,
        coalesce(p.subject_accession, split_part(r.subject_reference, '/', 2)) as subject_accession,
        p.race,
        p.gender,
        p.resource_id is not null as is_there,
        coalesce(a.arm_accession, c.arm_accession, r.assigned_arm, r.actual_arm) as arm_accession
    from star.fact_fhir_research_subject as r
    left join study as t on r.study_reference = t.reference
    left join star.fact_fhir_patient as p on r.subject_reference = 'Patient/' || p.resource_id
    left join arm as a on 'Group/' || coalesce(r.assigned_arm, r.actual_arm) = a.reference
    left join called as c
        on t.study_accession = c.study_accession and coalesce(r.assigned_arm, r.actual_arm) = c.name
    union all
    -- A patient who takes part in nothing.
    select
        null as study_accession,
        coalesce(p.subject_accession, p.resource_id) as subject_accession,
        null as race,
        null as gender,
        false as is_there,
        null as arm_accession
    from star.fact_fhir_patient as p
    left join star.fact_fhir_research_subject as r on 'Patient/' || p.resource_id = r.subject_reference
    where r.resource_id is null
),

member as (
    select
        study_accession,
        subject_accession,
        race,
        gender,
        is_there,
        string_agg(distinct arm_accession, ', ' order by arm_accession) as arms
    from part
    group by study_accession, subject_accession, race, gender, is_there
),

other as (
    select
        study_accession,
        'study' as aspect,
        study_accession as accession,
        title as said
    from study
    union all
    select
        coalesce(t.study_accession, s.study_accession) as study_accession,
        'arm' as aspect,
        a.arm_accession as accession,
        a.name as said
    from arm as a
    left join named as t on a.reference = t.reference
    left join star.dim_arm as k on a.arm_key = k.arm_key
    left join star.dim_study as s on k.study_key = s.study_key
    union all
    select
        m.study_accession,
        v.aspect,
        m.subject_accession as accession,
        v.said
    from member as m
    cross join lateral (values ('subject', m.arms), ('sex', m.gender), ('race', m.race)) as v (aspect, said)
    where v.aspect = 'subject' or m.is_there
    union all
    select
        coalesce(t.study_accession, s.study_accession) as study_accession,
        'sample' as aspect,
        coalesce(f.biosample_accession, f.resource_id) as accession,
        f.type as said
    from star.fact_fhir_specimen as f
    left join study as t on f.study_reference = t.reference
    left join star.dim_biosample as b on f.biosample_key = b.biosample_key
    left join star.dim_study as s on b.study_key = s.study_key
    union all
    select
        coalesce(t.study_accession, s.study_accession) as study_accession,
        'lab test' as aspect,
        f.observation_accession as accession,
        concat_ws(
            ' ', f.code, f.value_comparator, coalesce(trim_scale(f.value_number)::text, f.value_text), f.unit
        ) as said
    from star.fact_fhir_observation as f
    left join study as t on f.study_reference = t.reference
    left join star.fact_lab_test as l on f.observation_accession = l.lab_test_accession
    left join star.dim_study as s on l.study_key = s.study_key
    where starts_with(f.observation_accession, 'LT')
)

select
    coalesce(a.study_accession, b.study_accession) as study_accession,
    coalesce(a.aspect, b.aspect) as aspect,
    coalesce(a.accession, b.accession) as accession,
    a.said as shared_data,
    b.said as fhir,
    case
        when b.aspect is null then 'only in Shared Data'
        when a.aspect is null then 'only in FHIR'
        when a.said = b.said or num_nonnulls(a.said, b.said) = 0 then 'equal'
        else 'differs'
    end as finding
from shared as a
full join other as b
    on a.study_accession = b.study_accession and a.aspect = b.aspect and a.accession = b.accession;
