-- Resources of a FHIR server that are of studies which are not open to everybody, and of no other study.
-- Which study a resource is of is what resources say of each other, and what Shared Data has under the same
-- accession. All is looked for from the closed studies on: where there are none, there is nothing to read.
with closed as (
    select c.scope as study_accession
    from ops.closed_scope as c
    where c.source = 'immport'
),

closed_key as (
    select k.study_key
    from history.key_study as k
    inner join closed as c on k.study_accession = c.study_accession
),

study as (
    select 'ResearchStudy/' || c.study_accession as reference
    from closed as c
    union
    select 'ResearchStudy/' || r.resource_id as reference
    from history.fact_fhir_research_study as r
    inner join closed as c on r.study_accession = c.study_accession
),

patient as (
    select n.reference
    from (
        select r.subject_reference as reference
        from history.fact_fhir_research_subject as r
        inner join study as s on r.study_reference = s.reference
        union
        select 'Patient/' || k.subject_accession as reference
        from history.dim_subject as d
        inner join closed_key as c on d.study_key = c.study_key
        inner join history.key_subject as k on d.subject_key = k.subject_key
    ) as n
    where
        not exists (
            select from history.fact_fhir_research_subject as r
            where
                r.subject_reference = n.reference
                and r.study_reference not in (select s.reference from study as s)
        )
        and not exists (
            select from history.key_subject as k
            inner join history.dim_subject as d on k.subject_key = d.subject_key
            where
                k.natural_key = md5(split_part(n.reference, '/', 2))::uuid
                and d.study_key not in (select c.study_key from closed_key as c)
        )
),

arm as (
    select 'Group/' || k.arm_accession as reference
    from history.dim_arm as d
    inner join closed_key as c on d.study_key = c.study_key
    inner join history.key_arm as k on d.arm_key = k.arm_key
    union
    select g.reference
    from history.fact_fhir_research_study as r
    inner join study as s on 'ResearchStudy/' || r.resource_id = s.reference
    cross join
        lateral jsonb_array_elements_text(
            case jsonb_typeof(r.groups) when 'array' then r.groups else '[]' end
        ) as g (reference)
    union
    select 'Group/' || coalesce(r.assigned_arm, r.actual_arm) as reference
    from history.fact_fhir_research_subject as r
    inner join study as s on r.study_reference = s.reference
),

subject as (
    select a.reference
    from patient as a
    union
    select b.reference
    from arm as b
),

-- Samples, and the results below, are of the one study that describes them.
sample as (
    select 'Specimen/' || k.biosample_accession as reference
    from history.dim_biosample as d
    inner join closed_key as c on d.study_key = c.study_key
    inner join history.key_biosample as k on d.biosample_key = k.biosample_key
    where
        not exists (
            select from history.dim_biosample as o
            where
                o.biosample_key = d.biosample_key
                and o.study_key not in (select c.study_key from closed_key as c)
        )
    union
    select 'Specimen/' || f.resource_id as reference
    from history.fact_fhir_specimen as f
    inner join study as s on f.study_reference = s.reference
    union
    select 'Specimen/' || f.resource_id as reference
    from history.fact_fhir_specimen as f
    inner join subject as s on f.subject_reference = s.reference
),

person as (
    select n.reference
    from (
        select r.principal_investigator as reference
        from history.fact_fhir_research_study as r
        inner join study as s on 'ResearchStudy/' || r.resource_id = s.reference
        union
        select r.practitioner_reference as reference
        from history.fact_fhir_practitioner_role as r
        inner join study as s on r.study_reference = s.reference
        union
        select 'Practitioner/' || k.person_accession as reference
        from history.dim_person as d
        inner join closed_key as c on d.study_key = c.study_key
        inner join history.key_person as k on d.person_key = k.person_key
    ) as n
    where
        not exists (
            select from history.fact_fhir_research_study as r
            where
                r.principal_investigator = n.reference
                and 'ResearchStudy/' || r.resource_id not in (select s.reference from study as s)
        )
        and not exists (
            select from history.fact_fhir_practitioner_role as r
            where
                r.practitioner_reference = n.reference
                and r.study_reference not in (select s.reference from study as s)
        )
        and not exists (
            select from history.key_person as k
            inner join history.dim_person as d on k.person_key = d.person_key
            where
                k.natural_key = md5(split_part(n.reference, '/', 2))::uuid
                and d.study_key not in (select c.study_key from closed_key as c)
        )
),

-- A sponsor is a reference, or a name.
named_organization as (
    select
        r.sponsor as named,
        'ResearchStudy/' || r.resource_id in (select s.reference from study as s) as is_hidden
    from history.fact_fhir_research_study as r
    union all
    select
        r.organization_reference as named,
        coalesce(r.study_reference in (select s.reference from study as s), false)
        or coalesce(r.practitioner_reference in (select s.reference from person as s), false) as is_hidden
    from history.fact_fhir_practitioner_role as r
    union all
    select
        r.parent_reference as named,
        false as is_hidden
    from history.fact_fhir_organization as r
),

organization as (
    select 'Organization/' || o.resource_id as reference
    from history.fact_fhir_organization as o
    cross join lateral (values ('Organization/' || o.resource_id), (o.name)) as w (named)
    inner join named_organization as n on w.named = n.named
    where exists (select from study)
    group by o.resource_id
    having bool_and(n.is_hidden)
)

select
    'ResearchStudy' as fhir_type,
    s.reference
from study as s
union all
select
    'Patient' as fhir_type,
    s.reference
from patient as s
union all
select
    'Group' as fhir_type,
    s.reference
from arm as s
union all
select
    'Specimen' as fhir_type,
    s.reference
from sample as s
union all
select
    'Observation' as fhir_type,
    'Observation/' || f.lab_test_accession as reference
from history.fact_lab_test as f
inner join closed_key as c on f.study_key = c.study_key
union all
select
    'Observation' as fhir_type,
    'Observation/' || f.assessment_component_accession as reference
from history.fact_assessment as f
inner join closed_key as c on f.study_key = c.study_key
union all
select
    'DiagnosticReport' as fhir_type,
    'DiagnosticReport/' || f.lab_test_panel_accession as reference
from history.fact_lab_test as f
inner join closed_key as c on f.study_key = c.study_key
union all
select
    'DiagnosticReport' as fhir_type,
    'DiagnosticReport/' || f.assessment_panel_accession as reference
from history.fact_assessment as f
inner join closed_key as c on f.study_key = c.study_key
union all
select
    'Practitioner' as fhir_type,
    s.reference
from person as s
union all
select
    'Organization' as fhir_type,
    s.reference
from organization as s;
