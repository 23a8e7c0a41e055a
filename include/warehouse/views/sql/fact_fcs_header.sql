with panels as (
    select
        m.study_key,
        m.fcs_header,
        string_agg(
            coalesce(nullif(btrim(m.pns_reported), ''), m.pnn_reported, ''), '|' order by m.parameter_number
        ) as reported,
        string_agg(m.pns_preferred, '|' order by m.parameter_number) as preferred,
        max(m.marker_vocabulary) as marker_vocabulary,
        bool_and(m.pns_preferred is not null) as is_whole
    from star.bridge_fcs_header_marker as m
    group by m.study_key, m.fcs_header
)

select
    o.study_key,
    o.fcs_header_id,
    o.expsample_key,
    o.file_info_id,
    o.fcs_file_name,
    o.fcs_version,
    o.compensation_flag,
    o.panel_reported,
    coalesce(nullif(o.panel_preferred, ''), case when p.is_whole then p.preferred end) as panel_preferred,
    o.number_of_events,
    o.number_of_markers,
    o.minimum_intensity,
    o.maximum_intensity,
    o.fcs_header,
    o.file_uuid,
    o.data_set,
    o.provenance,
    case when nullif(o.panel_preferred, '') is null and p.is_whole then p.marker_vocabulary end
        as marker_vocabulary
from star.fact_fcs_header as o
left join panels as p on o.study_key = p.study_key and o.fcs_header = p.fcs_header
union all
select
    f.study_key,
    null::bigint as fcs_header_id,
    f.expsample_key,
    f.file_info_id,
    f.fcs_file_name,
    f.fcs_version,
    null as compensation_flag,
    p.reported as panel_reported,
    case when p.is_whole then p.preferred end as panel_preferred,
    f.number_of_events,
    f.number_of_markers,
    null::numeric as minimum_intensity,
    null::numeric as maximum_intensity,
    f.fcs_header,
    f.file_uuid,
    f.data_set,
    'parsed' as provenance,
    p.marker_vocabulary
from star.fcs_file_header as f
left join panels as p on f.study_key = p.study_key and f.fcs_header = p.fcs_header
where not f.is_described;
