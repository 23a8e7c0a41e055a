-- Purpose: Response of each subject by hemagglutination inhibition: fold rise and seroconversion.
-- Grain: one subject in one arm, one strain, one technique and kind of sample, one time zero.
-- Caveat: baseline is day 0 and before, peak is day 21 to 42; without either, fold rise and seroconversion
--   are null and not false. Replicates and days of one window are averaged as logarithms. Forty as a
--   threshold is that of influenza: of other strains seroconversion is null.
-- Censored: by the default policy, which the column policy names: by half, <10 is 5; an upper limit is
--   itself.
-- Apart:
--   sample type: biosample_type, biosample_subtype
--   technique: measurement_technique
--   unit: (titres alone are taken)
--   stimulation: (a serum is not stimulated before its titre is taken)
--   time zero: t0_event, t0_event_specify
--   statistic: (one assay alone)
--   species: species
-- Leaves out: pools; results that are not titres by their unit, such as virus loads and concentrations;
--   titres of 0 and less.
-- Reads: titre_response
-- Columns:
--   study_accession text: Study
--   arm_accession text: Arm
--   arm text: Name of the arm
--   subject_accession text: Subject; pools are left out
--   age_years numeric: Age in this study, or its lower bound (unit: years)
--   sex text: Sex as ImmPort names it
--   species text: Species
--   strain text: Strain tested
--   influenza_subtype text: Subtype or lineage of the strain; null where its name does not say
--   biosample_type text: Type of the sample
--   biosample_subtype text: Type of the sample in the submitter's words
--   measurement_technique text: Technique of the measurement
--   t0_event text: Event that is time zero
--   t0_event_specify text: That event in the submitter's words
--   titres bigint: Titres that count, of any day
--   censored bigint: Those of them that are limits
--   policy text: Policy for titres below or above a limit
--   baseline_titre numeric: Geometric mean titre at day 0 and before
--   peak_titre numeric: Geometric mean titre of day 21 to 42
--   log2_fold_rise numeric: Logarithm of the fold rise, base 2
--   fold_rise numeric: Peak titre divided by baseline titre
--   is_seroconverted boolean: At least fourfold and at least 40; null without baseline or peak, and for what
--     is not known to be an influenza virus
create or replace view mart.hai_response
with (security_invoker = true) as
select
    study_accession,
    arm_accession,
    arm,
    subject_accession,
    age_years,
    sex,
    species,
    strain,
    influenza_subtype,
    biosample_type,
    biosample_subtype,
    measurement_technique,
    t0_event,
    t0_event_specify,
    titres,
    censored,
    policy,
    baseline_titre,
    peak_titre,
    log2_fold_rise,
    fold_rise,
    is_seroconverted
from mart.titre_response
where assay = 'HAI';
