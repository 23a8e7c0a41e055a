-- 14. How many ELISPOT spots per million cells are there, whatever number of cells was plated?
-- Over all stimulations: where a package tells them, they are in mart.wide_elispot.expsample_description.
select
    s.study_accession,
    coalesce(f.analyte_preferred, f.analyte_reported) as analyte,
    count(*) as wells,
    count(distinct coalesce(f.cell_number_preferred, star.to_number(f.cell_number_reported)))
        as plating_densities,
    round(avg(f.spots_per_million), 2) as spots_per_million
from star.fact_elispot as f
inner join star.dim_study as s on f.study_key = s.study_key
where f.value_number is not null
group by s.study_accession, coalesce(f.analyte_preferred, f.analyte_reported)
order by s.study_accession, analyte;
