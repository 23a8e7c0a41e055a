with results as not materialized (
    select
        f.study_key,
        f.result_id,
        f.population_definition_reported,
        v.marker_vocabulary,
        coalesce(e.species, '') as species
    from star.fact_fcs_analyzed as f
    left join star.study_marker_vocabulary as v on f.study_key = v.study_key
    left join star.dim_subject as u on f.subject_key = u.subject_key
    left join star.dim_species as e on u.species_key = e.species_key
),

reported as not materialized (
    select o.* from star.bridge_fcs_result_marker as o
),

-- A row of ImmPort without a preferred marker has the one that is read in it.
completed as not materialized (
    select
        o.*,
        case
            when nullif(btrim(o.population_marker_preferred), '') is null and r.summary <> 'NONE'
                then r.summary
        end as reading,
        case when cardinality(r.preferred) = 1 then r.preferred[1] end as one_marker,
        case when cardinality(r.preferred) = 1 then r.sign[1] end as one_sign,
        case when cardinality(r.preferred) = 1 then nullif(r.accession[1], '') end as one_accession,
        r.vocabulary_version
    from reported as o
    left join results as f on o.study_key = f.study_key and o.result_id = f.result_id
    left join history.marker_reading as r
        on
            f.study_key = r.study_key and f.marker_vocabulary = r.vocabulary_version
            and f.species = r.species and r.kind = 'population'
            and md5(o.population_marker_reported)::uuid = r.digest
)

select
    c.study_key,
    c.fcs_analyzed_result_marker_id,
    c.result_id,
    c.population_marker_reported,
    coalesce(c.reading, c.population_marker_preferred) as population_marker_preferred,
    case when c.reading is null then c.marker else coalesce(c.one_marker, c.marker) end as marker,
    case when c.reading is null then c.marker_sign else coalesce(nullif(c.one_sign, ''), c.marker_sign) end
        as marker_sign,
    c.marker_number,
    case
        when c.reading is not null or c.one_marker || coalesce(c.one_sign, '') = c.population_marker_preferred
            then c.one_accession
    end as analyte_accession,
    case when c.reading is null then c.provenance else 'parsed' end as provenance,
    case when c.reading is null then c.marker_vocabulary else c.vocabulary_version end as marker_vocabulary
from completed as c
union all
select
    f.study_key,
    null::bigint as fcs_analyzed_result_marker_id,
    f.result_id,
    n.reported as population_marker_reported,
    nullif(n.preferred, '') || n.sign as population_marker_preferred,
    n.marker,
    nullif(n.sign, '') as marker_sign,
    n.marker_number,
    nullif(n.accession, '') as analyte_accession,
    'parsed' as provenance,
    r.vocabulary_version as marker_vocabulary
from results as f
inner join history.marker_reading as r
    on
        f.study_key = r.study_key and f.marker_vocabulary = r.vocabulary_version
        and f.species = r.species and r.kind = 'population'
        and md5(f.population_definition_reported)::uuid = r.digest
cross join
    lateral unnest(r.reported, r.preferred, r.marker, r.sign, r.accession)
    with ordinality as n (reported, preferred, marker, sign, accession, marker_number)
where
    not exists (
        select from reported as o
        where o.study_key = f.study_key and o.result_id = f.result_id
    );
