-- Purpose: Level of each analyte over time by ELISA and bead array, per arm.
-- Grain: one study, arm, species, study day, time zero, kind of sample, technique, stimulation, assay,
--   analyte and unit.
-- Caveat: levels of two rows are comparable where the rows differ in arm and time alone.
--   Background-subtracted levels below zero are in the median alone.
-- Censored: by the default policy, which the column policy names, for median and geometric mean alike; the
--   column censored counts them.
-- Apart:
--   sample type: biosample_type, biosample_subtype
--   technique: measurement_technique
--   unit: unit
--   stimulation: treatment, expsample_description
--   time zero: t0_event, t0_event_specify
--   statistic: unit
--   species: species
-- Leaves out: controls, standards and pools; of sentinels such as -999 the number.
-- Reads: sample_result
-- Assays: ELISA, MBAA
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
--   assay text: ELISA or MBAA
--   analyte text: Analyte: in ImmPort's words, else as reported
--   unit text: Unit: in ImmPort's words, else as reported
--   results bigint: Results with a number
--   subjects bigint: Subjects they are of
--   censored bigint: Results that are a limit
--   limit_unknown bigint: Results with a number that may be a limit which the API alone does not report
--   left_out bigint: Results without a usable number
--   policy text: Policy for values below or above a limit
--   median numeric: Median (unit: unit)
--   geometric_mean numeric: Geometric mean of the levels above zero (unit: unit)
create or replace view mart.cytokine_profile
with (security_invoker = true) as
with profile as (
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
        assay,
        measurand as analyte,
        unit,
        count(value_number) as results,
        count(distinct subject_key) filter (where subject_key > 0 and value_number is not null) as subjects,
        count(*) filter (where value_quality in ('censored_low', 'censored_high')) as censored,
        count(value_number) filter (where not is_limit_known) as limit_unknown,
        count(*) filter (where value_number is null) as left_out,
        policy,
        round((percentile_cont(0.5) within group (order by value_default::double precision))::numeric, 4)
            as median,
        round(exp(avg(ln(value_default)) filter (where value_default > 0)), 4) as geometric_mean
    from mart.sample_result
    where assay in ('ELISA', 'MBAA') and is_pool is not true
    group by
        greatest(arm_key, 0), measurand, study_accession, study_day, study_time, t0_event, t0_event_specify,
        species, biosample_type, biosample_subtype, measurement_technique, treatment, expsample_description,
        assay, unit, policy
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
    r.assay,
    r.analyte,
    r.unit,
    r.results,
    r.subjects,
    r.censored,
    r.limit_unknown,
    r.left_out,
    r.policy,
    r.median,
    r.geometric_mean
from profile as r
left join star.dim_arm as a on r.arm_key = a.arm_key;
