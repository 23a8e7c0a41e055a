-- Purpose: What became of each experiment sample: results declared and loaded, files, what it is made of.
-- Grain: one experiment sample.
-- Caveat: reagents, treatments and declared results come from packages alone: without one they are 0 or null.
-- Censored: counted, with no value taken.
-- Apart: nothing is summarised but counts.
-- Leaves out: nothing.
-- Columns:
--   study_accession text: Study
--   experiment_accession text: Experiment
--   measurement_technique text: Technique of the experiment
--   expsample_accession text: Experiment sample
--   result_schema text: Kind of result the sample was made for
--   declared_results bigint: Results that ImmPort counted; null where it states none
--   loaded_results bigint: Results in the star, of whatever assay
--   assays bigint: Assays that those are of
--   files bigint: Result files
--   biosamples bigint: Biosamples it is made of: of several, each has its share in bridge_expsample_biosample
--   reagents bigint: Reagents used on it, a set as one
--   treatments bigint: Treatments it was given
--   is_files_only boolean: It has files, and no results
create or replace view mart.expsample_inventory
with (security_invoker = true) as
with result as (
    -- of each assay
    select
        s.study_accession,
        r.expsample_key,
        r.assay,
        count(*) as results
    from star.fact_assay_result as r
    inner join star.dim_study as s on r.study_key = s.study_key
    where r.expsample_key > 0
    group by s.study_accession, r.expsample_key, r.assay
    -- of all assays
),

counted as (
    select
        study_accession,
        expsample_key,
        sum(results)::bigint as results,
        count(*) as assays
    from result
    group by study_accession, expsample_key
),

file as (
    select
        s.study_accession,
        f.expsample_key,
        count(distinct f.file_info_id) as files
    from star.fact_result_file as f
    inner join star.dim_study as s on f.study_key = s.study_key
    where f.expsample_key > 0
    group by s.study_accession, f.expsample_key
),

biosample as (
    select
        s.study_accession,
        b.expsample_key,
        count(*) as biosamples
    from star.bridge_expsample_biosample as b
    inner join star.dim_study as s on b.study_key = s.study_key
    group by s.study_accession, b.expsample_key
),

reagent as (
    select
        s.study_accession,
        b.expsample_key,
        count(*) as reagents
    from star.bridge_expsample_reagent as b
    inner join star.dim_study as s on b.study_key = s.study_key
    group by s.study_accession, b.expsample_key
),

treatment as (
    select
        s.study_accession,
        b.expsample_key,
        count(*) as treatments
    from star.bridge_expsample_treatment as b
    inner join star.dim_study as s on b.study_key = s.study_key
    group by s.study_accession, b.expsample_key
)

select
    s.study_accession,
    e.experiment_accession,
    t.measurement_technique,
    x.expsample_accession,
    x.result_schema,
    x.declared_results,
    coalesce(r.results, 0) as loaded_results,
    coalesce(r.assays, 0) as assays,
    coalesce(f.files, 0) as files,
    coalesce(b.biosamples, 0) as biosamples,
    coalesce(g.reagents, 0) as reagents,
    coalesce(m.treatments, 0) as treatments,
    coalesce(f.files, 0) > 0 and coalesce(r.results, 0) = 0 as is_files_only
from star.dim_expsample as x
inner join star.dim_study as s on x.study_key = s.study_key
inner join star.dim_experiment as e on x.experiment_key = e.experiment_key
inner join star.dim_technique as t on e.technique_key = t.technique_key
left join counted as r on s.study_accession = r.study_accession and x.expsample_key = r.expsample_key
left join file as f on s.study_accession = f.study_accession and x.expsample_key = f.expsample_key
left join biosample as b on s.study_accession = b.study_accession and x.expsample_key = b.expsample_key
left join reagent as g on s.study_accession = g.study_accession and x.expsample_key = g.expsample_key
left join treatment as m on s.study_accession = m.study_accession and x.expsample_key = m.expsample_key
where x.expsample_key > 0;
