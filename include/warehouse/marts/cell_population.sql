-- Purpose: Gated cell populations over time, per arm, percents and counts apart.
-- Grain: one study, arm, study day, population, parent, kind of statistic and unit.
-- Caveat: never average over kinds or units; a percent is one of its parent population. Pools are in, and
--   told.
-- Censored: left out of median and mean (policy null).
-- Columns:
--   study_accession text: Study
--   arm_accession text: Arm
--   arm text: Name of the arm
--   study_day numeric: Time of collection; null when its unit has no length (unit: days)
--   t0_event text: Event that is time zero
--   population text: Population: in ImmPort's words, else as reported
--   parent_population text: The population it is a part of
--   statistic text: percent, count or other
--   unit text: Unit of the statistic: in ImmPort's words, else as reported
--   results bigint: Results with a number
--   subjects bigint: Subjects they are of
--   pools bigint: Those that are pools
--   left_out bigint: Results without a certain number
--   median numeric: Median (unit: unit)
--   mean numeric: Mean (unit: unit)
create or replace view mart.cell_population
with (security_invoker = true) as
with statistics as (
    select
        r.*,
        coalesce(f.parent_population_preferred, f.parent_population_reported) as parent_population,
        case
            when r.unit ~* 'percent|%' then 'percent'
            when r.unit ~* 'cell|event|count|number' then 'count'
            else 'other'
        end as statistic
    from mart.sample_result as r
    inner join star.fact_fcs_analyzed as f on r.study_key = f.study_key and r.result_id = f.result_id
    where r.assay = 'Flow cytometry'
)

select
    study_accession,
    arm_accession,
    arm,
    study_day,
    t0_event,
    measurand as population,
    parent_population,
    statistic,
    unit,
    count(value_certain) as results,
    count(distinct subject_accession) filter (where value_certain is not null) as subjects,
    count(distinct subject_accession) filter (where value_certain is not null and is_pool) as pools,
    count(*) filter (where value_certain is null) as left_out,
    round((percentile_cont(0.5) within group (order by value_certain::double precision))::numeric, 4)
        as median,
    round(avg(value_certain), 4) as mean
from statistics
group by
    study_accession, arm_accession, arm, study_day, t0_event, measurand, parent_population, statistic, unit;
