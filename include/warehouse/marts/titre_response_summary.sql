-- Purpose: Response of each arm by titre: geometric means, fold rise, share of seroconverted subjects.
-- Grain: one study, arm, species, assay, strain, technique, kind of sample and time zero.
-- Caveat: subjects without baseline or peak are counted and are in no rate; arms differ in how many.
--   Strains that are not known to be influenza viruses have no rate of seroconversion.
-- Censored: by the default policy, which the column policy names, as in mart.titre_response.
-- Apart:
--   sample type: biosample_type, biosample_subtype
--   technique: measurement_technique
--   unit: (titres alone are taken)
--   stimulation: (a serum is not stimulated before its titre is taken)
--   time zero: t0_event, t0_event_specify
--   statistic: assay
--   species: species
-- Leaves out: pools; results that are not titres by their unit, such as virus loads and concentrations;
--   titres of 0 and less.
-- Reads: titre_response
-- Columns:
--   assay text: Assay
--   study_accession text: Study
--   arm_accession text: Arm
--   arm text: Name of the arm
--   species text: Species
--   strain text: Strain tested
--   influenza_subtype text: Subtype or lineage of the strain; null where its name does not say
--   biosample_type text: Type of the sample
--   biosample_subtype text: Type of the sample in the submitter's words
--   measurement_technique text: Technique of the measurement
--   t0_event text: Event that is time zero
--   t0_event_specify text: That event in the submitter's words
--   subjects bigint: Subjects with any titre
--   without_baseline bigint: Subjects without a titre at day 0 or before
--   without_peak bigint: Subjects without a titre of day 21 to 42
--   evaluable bigint: Subjects with both
--   policy text: Policy for titres below or above a limit
--   baseline_gmt numeric: Geometric mean titre at baseline, of all that have one
--   peak_gmt numeric: Geometric mean titre at the peak, of all that have one
--   fold_rise numeric: Geometric mean fold rise of evaluable subjects
--   seroconverted bigint: Evaluable subjects that seroconverted
--   seroconverted_percent numeric: Their share of evaluable subjects (unit: percent)
create or replace view mart.titre_response_summary
with (security_invoker = true) as
select
    assay,
    study_accession,
    arm_accession,
    arm,
    species,
    strain,
    influenza_subtype,
    biosample_type,
    biosample_subtype,
    measurement_technique,
    t0_event,
    t0_event_specify,
    count(*) as subjects,
    count(*) filter (where baseline_titre is null) as without_baseline,
    count(*) filter (where peak_titre is null) as without_peak,
    count(fold_rise) as evaluable,
    policy,
    round(exp(avg(ln(nullif(baseline_titre, 0)))), 2) as baseline_gmt,
    round(exp(avg(ln(nullif(peak_titre, 0)))), 2) as peak_gmt,
    round(power(2.0, avg(log2_fold_rise)), 3) as fold_rise,
    count(*) filter (where is_seroconverted) as seroconverted,
    round(100.0 * count(*) filter (where is_seroconverted) / nullif(count(is_seroconverted), 0), 1)
        as seroconverted_percent
from mart.titre_response
group by
    assay, study_accession, arm_accession, arm, species, strain, influenza_subtype, biosample_type,
    biosample_subtype, measurement_technique, t0_event, t0_event_specify, policy;
