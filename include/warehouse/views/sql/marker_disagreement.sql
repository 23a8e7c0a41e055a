with compared as (
    select
        m.study_key,
        'marker' as what,
        'population' as kind,
        m.population_marker_reported as reported,
        m.population_marker_preferred as preferred
    from history.bridge_fcs_result_marker as m
    where m.valid_from <= (select star.as_of_key()) and m.valid_to > (select star.as_of_key())
    union all
    select
        f.study_key,
        'definition' as what,
        'population' as kind,
        f.population_definition_reported as reported,
        f.population_definition_preferred as preferred
    from star.fact_fcs_analyzed as f
    union all
    select
        p.study_key,
        t.what,
        'parameter' as kind,
        t.reported,
        t.preferred
    from history.bridge_fcs_header_marker as p
    cross join
        lateral (
            values
            ('pnn', p.pnn_reported, p.pnn_preferred),
            ('pns', coalesce(nullif(btrim(p.pns_reported), ''), p.pnn_reported), p.pns_preferred)
        ) as t (what, reported, preferred)
    where p.valid_from <= (select star.as_of_key()) and p.valid_to > (select star.as_of_key())
),

counted as (
    select
        c.study_key,
        c.what,
        c.kind,
        c.reported,
        c.preferred,
        v.marker_vocabulary,
        count(*) as rows
    from compared as c
    inner join star.study_marker_vocabulary as v on c.study_key = v.study_key
    where btrim(c.preferred) <> ''
    group by c.study_key, c.what, c.kind, c.reported, c.preferred, v.marker_vocabulary
),

-- Whichever species of the study: a text that is unknown to all of them is read by no name.
readings as (
    select
        c.study_key,
        c.what,
        c.reported,
        c.preferred,
        c.marker_vocabulary,
        c.rows,
        max(r.summary) as parsed,
        bool_or(replace(r.summary, ' ', '') = replace(c.preferred, ' ', '')) as is_same
    from counted as c
    inner join history.marker_reading as r
        on
            c.study_key = r.study_key and c.marker_vocabulary = r.vocabulary_version and c.kind = r.kind
            and md5(c.reported)::uuid = r.digest and r.summary <> 'NONE' and r.species <> ''
    group by c.study_key, c.what, c.reported, c.preferred, c.marker_vocabulary, c.rows
),

parameters as (
    select
        p.study_key,
        p.fcs_header_id,
        string_agg(coalesce(p.pnn_reported, ''), '|' order by p.parameter_number) as pnn,
        string_agg(coalesce(p.pns_reported, ''), '|' order by p.parameter_number) as pns
    from history.bridge_fcs_header_marker as p
    where p.valid_from <= (select star.as_of_key()) and p.valid_to > (select star.as_of_key())
    group by p.study_key, p.fcs_header_id
),

headers as (
    select
        f.study_key,
        i.fcs_file_name,
        concat_ws('; ', trim_scale(i.fcs_version), i.number_of_events, p.pnn, p.pns) as preferred,
        concat_ws(
            '; ', trim_scale(f.fcs_version), f.number_of_events, array_to_string(f.pnn, '|'),
            array_to_string(f.pns, '|')
        ) as parsed
    from star.fcs_file_header as f
    inner join history.fact_fcs_header as i
        on
            f.study_key = i.study_key and f.file_info_id = i.file_info_id
            and f.expsample_key = i.expsample_key
            and i.valid_from <= (select star.as_of_key()) and i.valid_to > (select star.as_of_key())
    left join parameters as p on i.study_key = p.study_key and i.fcs_header_id = p.fcs_header_id
    where f.is_described and f.data_set = 1
)

select
    r.study_key,
    r.what,
    r.reported,
    r.preferred,
    r.parsed,
    r.marker_vocabulary,
    r.rows
from readings as r
where not r.is_same
union all
select
    h.study_key,
    'header' as what,
    h.fcs_file_name as reported,
    h.preferred,
    h.parsed,
    null as marker_vocabulary,
    count(*) as rows
from headers as h
where h.preferred <> h.parsed
group by h.study_key, h.fcs_file_name, h.preferred, h.parsed;
