-- Studies, of them those that a release of the time changed last that a search names.
select
    s.study_key,
    s.study_accession,
    s.brief_title,
    s.official_title,
    s.brief_description,
    s.description,
    s.objectives,
    s.type,
    s.research_focus,
    s.intervention_agent,
    s.target_enrollment,
    s.actual_enrollment,
    s.actual_start_date,
    s.actual_completion_date,
    s.sponsoring_organization,
    s.latest_data_release_date as last_updated,
    -- ImmPort has no status of studies.
    case when s.actual_completion_date <= s.latest_data_release_date then 'completed' else 'active' end
        as status
from star.dim_study as s
where
    s.study_key > 0
    and (
        cast(:updated_from as timestamptz) is null
        or s.latest_data_release_date >= cast(:updated_from as timestamptz)
    )
    and (
        cast(:updated_before as timestamptz) is null
        or s.latest_data_release_date < cast(:updated_before as timestamptz)
    );
