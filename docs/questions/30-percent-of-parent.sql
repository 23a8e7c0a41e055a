-- 30. What percent of its parent is each cell population, by arm and day?
-- As reported, or of counts whose parent is given as a number of cells.
select
    study_accession,
    arm,
    population,
    parent_population,
    biosample_type,
    measurement_technique,
    treatment,
    t0_event,
    study_day,
    case statistic when 'percent' then results else with_parent_count end as results,
    case statistic when 'percent' then median else median_percent_of_parent end as median,
    case statistic when 'percent' then mean else mean_percent_of_parent end as mean
from mart.cell_population
where statistic = 'percent' or with_parent_count > 0
order by
    study_accession, arm, population, parent_population, biosample_type, measurement_technique, treatment,
    t0_event, study_day;
