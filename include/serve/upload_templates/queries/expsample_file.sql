-- Names of the result files of an experiment sample: the first, the others, all; of flow cytometry by kind.
with named as (
    select
        f.expsample_key,
        f.file_name,
        min(f.file_info_id) as file_number,
        bool_or(f.file_detail ilike '%compensation%' or f.file_detail ilike '%control%') as is_control,
        f.file_name ilike '%.fcs' as is_fcs
    from star.fact_result_file as f
    where f.study_key = :study_key and f.expsample_key > 0 and f.file_name is not null
    group by f.expsample_key, f.file_name
),

numbered as (
    select
        n.*,
        row_number() over (partition by n.expsample_key order by n.file_number, n.file_name) as place,
        row_number() over (
            partition by n.expsample_key order by n.is_control or not n.is_fcs, n.file_number, n.file_name
        ) as fcs_place
    from named as n
)

select
    n.expsample_key,
    min(n.file_name) filter (where n.place = 1) as file_name,
    string_agg(n.file_name, '; ' order by n.place) filter (where n.place > 1) as further_names,
    string_agg(n.file_name, '; ' order by n.place) as all_names,
    min(n.file_name) filter (where n.fcs_place = 1 and n.is_fcs and not n.is_control) as fcs_name,
    string_agg(n.file_name, '; ' order by n.place) filter (where n.is_control) as control_names,
    string_agg(n.file_name, '; ' order by n.place) filter (
        where not n.is_control and not (n.fcs_place = 1 and n.is_fcs)
    ) as other_names
from numbered as n
group by n.expsample_key
