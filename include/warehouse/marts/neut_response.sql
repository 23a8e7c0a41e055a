-- Purpose: Response of each subject by virus neutralisation: fold rise and seroconversion.
-- Grain: one subject in one arm, one strain, one time zero.
-- Caveat: baseline is day 0 and before, peak is day 21 to 42; without either, fold rise and seroconversion
--   are null and not false. Forty as a threshold is that of hemagglutination inhibition.
-- Censored: half of a lower limit (policy half): <10 is 5; an upper limit is itself.
-- Columns:
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
create or replace view mart.neut_response
with (security_invoker = true) as
select
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
    baseline_titre,
    peak_titre,
    log2_fold_rise,
    fold_rise,
    is_seroconverted
from mart.titre_response
where assay = 'Neutralising antibody';
