-- Purpose: Response of each subject by titre: fold rise and seroconversion, hemagglutination inhibition and
--   neutralisation alike.
-- Grain: one subject in one arm, one strain, one assay, one time zero.
-- Caveat: baseline is day 0 and before, peak is day 21 to 42; without either, fold rise and seroconversion
--   are null and not false. Replicates and days of one window are averaged as logarithms.
-- Censored: half of a lower limit (policy half): <10 is 5; an upper limit is itself.
-- Columns:
--   assay text: Assay
--   study_accession text: Study
--   arm_accession text: Arm
--   arm text: Name of the arm
--   subject_accession text: Subject; pools are left out
--   age_years numeric: Age in this study, or its lower bound (unit: years)
--   sex text: Sex as ImmPort names it
--   strain text: Strain tested
--   t0_event text: Event that is time zero
--   titres bigint: Titres that count, of any day
--   censored bigint: Those of them that are limits
--   baseline_titre numeric: Geometric mean titre at day 0 and before
--   peak_titre numeric: Geometric mean titre of day 21 to 42
--   log2_fold_rise numeric: Logarithm of the fold rise, base 2
--   fold_rise numeric: Peak titre divided by baseline titre
--   is_seroconverted boolean: At least fourfold and at least 40; null without baseline or peak
create or replace view mart.titre_response
with (security_invoker = true) as
with levels as (
    select
        assay,
        study_accession,
        arm_accession,
        arm,
        subject_accession,
        age_years,
        sex,
        measurand as strain,
        t0_event,
        count(*) as titres,
        count(*) filter (where value_quality <> 'ok') as censored,
        avg(ln(value_half)) filter (where window_label = 'baseline') as baseline,
        avg(ln(value_half)) filter (where window_label = 'day 21-42') as peak
    from mart.sample_result
    where assay in ('HAI', 'Neutralising antibody') and value_half > 0 and is_pool is not true
    group by
        assay, study_accession, arm_accession, arm, subject_accession, age_years, sex, measurand, t0_event
)

select
    assay,
    study_accession,
    arm_accession,
    arm,
    subject_accession,
    age_years,
    sex,
    strain,
    t0_event,
    titres,
    censored,
    round(exp(baseline), 4) as baseline_titre,
    round(exp(peak), 4) as peak_titre,
    round((peak - baseline) / ln(2.0), 6) as log2_fold_rise,
    round(exp(peak - baseline), 4) as fold_rise,
    -- Rounded first: what a logarithm made of 40 is not quite 40.
    round(exp(peak - baseline), 4) >= 4 and round(exp(peak), 4) >= 40 as is_seroconverted
from levels;
