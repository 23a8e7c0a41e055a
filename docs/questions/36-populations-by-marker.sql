-- 36. Which populations have a marker, in studies that spell their gates differently?
-- By analyte and sign, whatever the spelling; how it is spelled stands beside it.
select
    m.marker,
    m.marker_sign,
    m.analyte_accession,
    count(distinct m.study_key) as studies,
    string_agg(distinct s.study_accession, ', ' order by s.study_accession) as in_studies,
    string_agg(distinct f.population_definition_reported, ' | ' order by f.population_definition_reported)
        as spellings,
    string_agg(
        distinct coalesce(f.population_name_preferred, f.population_name_reported), ' | '
        order by coalesce(f.population_name_preferred, f.population_name_reported)
    ) as populations,
    count(distinct m.result_id) as results,
    string_agg(distinct m.provenance, ', ' order by m.provenance) as provenance
from star.bridge_fcs_result_marker as m
inner join star.fact_fcs_analyzed as f on m.study_key = f.study_key and m.result_id = f.result_id
inner join star.dim_study as s on m.study_key = s.study_key
group by m.marker, m.marker_sign, m.analyte_accession
order by m.marker, m.marker_sign, m.analyte_accession;
