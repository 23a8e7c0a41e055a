-- Purpose: Gated cell populations over time, per arm, percents and counts apart.
-- Grain: one study, arm, species, study day, time zero, kind of sample, technique, stimulation, population,
--   markers, parent, kind of statistic and unit.
-- Caveat: a percent is one of its parent population; where the parent is given as a number of cells, a count
--   has its percent of the parent beside it. Pools are in, and counted.
-- Censored: left out of median and mean (policy null, as the column policy says); left_out counts them.
-- Apart:
--   sample type: biosample_type, biosample_subtype
--   technique: measurement_technique
--   unit: unit
--   stimulation: treatment, expsample_description
--   time zero: t0_event, t0_event_specify
--   statistic: statistic, unit
--   species: species
-- Leaves out: controls and standards.
-- Reads: sample_result
-- Assays: Flow cytometry
-- Columns:
--   study_accession text: Study
--   arm_accession text: Arm
--   arm text: Name of the arm
--   study_day numeric: Time of collection; null when its unit has no length (unit: days)
--   study_time text: Time of collection where study_day is null: 3 d.p.c.
--   t0_event text: Event that is time zero
--   t0_event_specify text: That event in the submitter's words
--   species text: Species
--   biosample_type text: Type of the sample
--   biosample_subtype text: Type of the sample in the submitter's words
--   measurement_technique text: Technique of the measurement
--   treatment text: Treatments of the sample, by ImmPort's accessions: stimulation among them
--   expsample_description text: Description, where a stimulation may stand; known from packages only
--   population text: Population: in ImmPort's words, else as reported
--   markers text: Markers of its gates in alphabetical order, preferred names where known: hCD4+, hIL2RA++
--   marker_provenance text: immport where its package names a preferred marker, parsed where all are read
--   parent_population text: The population it is a part of
--   statistic text: percent, count or other
--   unit text: Unit of the statistic: in ImmPort's words, else as reported
--   results bigint: Results with a number
--   subjects bigint: Subjects they are of
--   pools bigint: Those that are pools
--   left_out bigint: Results without a certain number
--   policy text: Policy for values below or above a limit
--   median numeric: Median (unit: unit)
--   mean numeric: Mean (unit: unit)
--   with_parent_count bigint: Counts whose parent is given as a number of cells
--   median_percent_of_parent numeric: Median of those as a share of the parent (unit: percent)
--   mean_percent_of_parent numeric: Mean of those (unit: percent)
create or replace view mart.cell_population
with (security_invoker = true) as
with statistics as (
    select
        r.*,
        case
            when f.parent_cell_count is null
                then coalesce(f.parent_population_preferred, f.parent_population_reported)
        end as parent_population,
        case when r.value_certain is not null then f.percent_of_parent end as percent_of_parent,
        m.markers,
        m.provenance as marker_provenance,
        case
            when (r.unit collate "C") ~* 'percent|%' then 'percent'  -- noqa: RF02
            when (r.unit collate "C") ~* 'cell|event|count|number' then 'count'  -- noqa: RF02
            else 'other'
        end as statistic
    from mart.sample_result as r
    -- One row for each: by an inner join the planner would expect, of two columns, one row in thousands.
    left join star.fact_fcs_analyzed as f on r.study_key = f.study_key and r.result_id = f.result_id
    left join star.fcs_result_markers as m on r.study_key = m.study_key and r.result_id = m.result_id
    where r.assay = 'Flow cytometry'
),

profile as (
    -- By keys: they are shorter than names, which are joined below. An arm that is not known has no name, as
    -- one that does not apply.
    select
        study_accession,
        greatest(arm_key, 0) as arm_key,
        study_day,
        study_time,
        t0_event,
        t0_event_specify,
        species,
        biosample_type,
        biosample_subtype,
        measurement_technique,
        treatment,
        expsample_description,
        measurand as population,
        markers,
        marker_provenance,
        parent_population,
        statistic,
        unit,
        count(value_certain) as results,
        count(distinct subject_key) filter (where subject_key > 0 and value_certain is not null) as subjects,
        count(distinct subject_key) filter (where subject_key > 0 and value_certain is not null and is_pool)
            as pools,
        count(*) filter (where value_certain is null) as left_out,
        round((percentile_cont(0.5) within group (order by value_certain::double precision))::numeric, 4)
            as median,
        round(avg(value_certain), 4) as mean,
        count(percent_of_parent) as with_parent_count,
        round((percentile_cont(0.5) within group (order by percent_of_parent::double precision))::numeric, 4)
            as median_percent_of_parent,
        round(avg(percent_of_parent), 4) as mean_percent_of_parent
    from statistics
    group by
        greatest(arm_key, 0), measurand, study_accession, study_day, study_time, t0_event, t0_event_specify,
        species, biosample_type, biosample_subtype, measurement_technique, treatment, expsample_description,
        markers, marker_provenance, parent_population, statistic, unit
)

select
    r.study_accession,
    a.arm_accession,
    a.name as arm,
    r.study_day,
    r.study_time,
    r.t0_event,
    r.t0_event_specify,
    r.species,
    r.biosample_type,
    r.biosample_subtype,
    r.measurement_technique,
    r.treatment,
    r.expsample_description,
    r.population,
    r.markers,
    r.marker_provenance,
    r.parent_population,
    r.statistic,
    r.unit,
    r.results,
    r.subjects,
    r.pools,
    r.left_out,
    'null' as policy,
    r.median,
    r.mean,
    r.with_parent_count,
    r.median_percent_of_parent,
    r.mean_percent_of_parent
from profile as r
left join star.dim_arm as a on r.arm_key = a.arm_key;
