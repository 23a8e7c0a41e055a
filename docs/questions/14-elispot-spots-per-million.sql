-- 14. How many ELISPOT spots per million cells are there, whatever number of cells was plated?
-- Each stimulation apart: a package describes it with the experiment sample, the API by its treatments.
select
    s.study_accession,
    coalesce(f.analyte_preferred, f.analyte_reported) as analyte,
    b.type as biosample_type,
    t.measurement_technique,
    f.treatment_accession as treatment,
    x.description as stimulation,
    count(*) as wells,
    count(distinct coalesce(f.cell_number_preferred, star.to_number(f.cell_number_reported)))
        as plating_densities,
    round(avg(f.spots_per_million), 2) as spots_per_million
from star.fact_elispot as f
inner join star.dim_study as s on f.study_key = s.study_key
inner join star.dim_biosample as b on f.biosample_key = b.biosample_key
inner join star.dim_expsample as x on f.expsample_key = x.expsample_key
inner join star.dim_technique as t on f.technique_key = t.technique_key
where f.value_number is not null
group by
    s.study_accession, coalesce(f.analyte_preferred, f.analyte_reported), b.type, t.measurement_technique,
    f.treatment_accession, x.description
order by s.study_accession, analyte, biosample_type, t.measurement_technique, treatment, stimulation;
