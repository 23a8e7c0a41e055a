-- 30. What percent of its parent is each cell population, by arm and day?
select
    study_accession,
    arm,
    population,
    parent_population,
    study_day,
    results,
    median,
    mean
from mart.cell_population
where statistic = 'percent'
order by study_accession, arm, population, parent_population, study_day;
