with named as (
    select
        b.*,
        coalesce(nullif(b.population_marker_preferred, ''), b.population_marker_reported) as marker_text
    from star.bridge_fcs_result_marker as b
    where b.fcs_analyzed_result_marker_id is not null
),

reported as (
    select
        m.study_key,
        m.result_id,
        string_agg(m.marker_text, ', ' order by m.marker_text collate "C") as markers,  -- noqa: RF02,RF03
        case when bool_and(m.provenance = 'parsed') then 'parsed' else 'immport' end as provenance
    from named as m
    group by m.study_key, m.result_id
)

select
    f.study_key,
    f.result_id,
    coalesce(o.markers, r.markers) as markers,
    case when o.markers is not null then o.provenance when r.markers is not null then 'parsed' end
        as provenance,
    r.vocabulary_version as marker_vocabulary
from star.fact_fcs_analyzed as f
left join reported as o on f.study_key = o.study_key and f.result_id = o.result_id
left join star.study_marker_vocabulary as v on f.study_key = v.study_key
left join star.dim_subject as u on f.subject_key = u.subject_key
left join star.dim_species as e on u.species_key = e.species_key
left join history.marker_reading as r
    on
        f.study_key = r.study_key and v.marker_vocabulary = r.vocabulary_version
        and coalesce(e.species, '') = r.species and r.kind = 'population'
        and md5(f.population_definition_reported)::uuid = r.digest;
