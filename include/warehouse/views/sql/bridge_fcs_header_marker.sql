with parameters as (
    select
        o.study_key,
        o.fcs_header_parameter,
        o.fcs_header_id,
        o.fcs_header,
        h.expsample_key,
        o.parameter_number,
        o.pnn_reported,
        o.pnn_preferred,
        o.pns_reported,
        o.pns_preferred,
        'immport' as row_provenance
    from star.bridge_fcs_header_marker as o
    left join history.fact_fcs_header as h
        on
            o.study_key = h.study_key and o.fcs_header_id = h.fcs_header_id
            and h.valid_from <= (select star.as_of_key()) and h.valid_to > (select star.as_of_key())
    union all
    select
        f.study_key,
        f.fcs_header || '/' || p.parameter_number as fcs_header_parameter,
        null::bigint as fcs_header_id,
        f.fcs_header,
        f.expsample_key,
        p.parameter_number,
        nullif(p.pnn, '') as pnn_reported,
        null as pnn_preferred,
        nullif(p.pns, '') as pns_reported,
        null as pns_preferred,
        'parsed' as row_provenance
    from star.fcs_file_header as f
    cross join lateral unnest(f.pnn, f.pns) with ordinality as p (pnn, pns, parameter_number)
    where not f.is_described
),

species as (
    select
        x.study_key,
        x.expsample_key,
        min(e.species) as species
    from star.bridge_expsample_biosample as x
    inner join star.dim_biosample as b on x.biosample_key = b.biosample_key
    inner join star.dim_subject as u on b.subject_key = u.subject_key
    inner join star.dim_species as e on u.species_key = e.species_key
    group by x.study_key, x.expsample_key
),

completed as (
    select
        p.*,
        n.summary as pnn_summary,
        coalesce(l.summary, n.summary) as pns_summary,
        nullif(array_to_string(array_remove(coalesce(l.accession, n.accession), ''), ', '), '') as accessions,
        coalesce(nullif(btrim(p.pnn_preferred), ''), nullif(btrim(p.pns_preferred), '')) is null
        and coalesce(n.summary, l.summary) is not null as is_read,
        coalesce(n.vocabulary_version, l.vocabulary_version) as vocabulary_version
    from parameters as p
    left join star.study_marker_vocabulary as v on p.study_key = v.study_key
    left join species as s on p.study_key = s.study_key and p.expsample_key = s.expsample_key
    left join history.marker_reading as n
        on
            p.study_key = n.study_key and v.marker_vocabulary = n.vocabulary_version
            and coalesce(s.species, '') = n.species and n.kind = 'parameter'
            and md5(p.pnn_reported)::uuid = n.digest
    left join history.marker_reading as l
        on
            p.study_key = l.study_key and v.marker_vocabulary = l.vocabulary_version
            and coalesce(s.species, '') = l.species and l.kind = 'parameter'
            and md5(p.pns_reported)::uuid = l.digest
)

select
    c.study_key,
    c.fcs_header_parameter,
    c.fcs_header_id,
    c.parameter_number,
    c.pnn_reported,
    case when c.is_read then c.pnn_summary else c.pnn_preferred end as pnn_preferred,
    c.pns_reported,
    case when c.is_read then c.pns_summary else c.pns_preferred end as pns_preferred,
    c.fcs_header,
    case when c.is_read or c.pns_summary = c.pns_preferred then c.accessions end as analyte_accessions,
    case when c.is_read then 'parsed' else c.row_provenance end as provenance,
    case when c.is_read then c.vocabulary_version end as marker_vocabulary
from completed as c;
