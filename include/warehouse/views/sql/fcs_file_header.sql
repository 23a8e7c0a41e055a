with results as (
    select distinct
        f.study_key,
        f.file_key,
        f.expsample_key,
        f.file_info_id,
        f.original_file_name
    from star.fact_result_file as f
),

-- Of a file that no result names, the accession in the manifest is the number.
numbered as (
    select
        d.study_key,
        d.file_uuid,
        coalesce(r.expsample_key, 0) as expsample_key,
        case
            when r.file_info_id is not null then r.file_info_id
            when d.file_accession ~ '^[0-9]{1,18}$' then d.file_accession::bigint
        end as file_info_id,
        coalesce(r.original_file_name, d.file_name) as fcs_file_name
    from star.dim_file as d
    left join results as r on d.study_key = r.study_key and d.file_key = r.file_key
),

described as (
    select distinct
        o.study_key,
        o.file_info_id
    from history.fact_fcs_header as o
    where o.valid_from <= (select star.as_of_key()) and o.valid_to > (select star.as_of_key())
)

select
    h.study_key,
    concat_ws('/', h.file_uuid, h.data_set, x.expsample_accession) as fcs_header,
    h.file_uuid,
    h.data_set::bigint as data_set,
    n.expsample_key,
    n.file_info_id,
    n.fcs_file_name,
    h.fcs_version,
    h.number_of_events,
    cardinality(h.pnn)::bigint as number_of_markers,
    h.pnn,
    h.pns,
    h.notes,
    h.read_at,
    i.file_info_id is not null as is_described
from history.fcs_file_header as h
inner join numbered as n on h.study_key = n.study_key and h.file_uuid = n.file_uuid
left join star.dim_expsample as x on n.expsample_key = x.expsample_key
left join described as i on n.study_key = i.study_key and n.file_info_id = i.file_info_id;
