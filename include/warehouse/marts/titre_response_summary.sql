-- Purpose: Response of each arm by titre: geometric means, fold rise, share of seroconverted subjects.
-- Grain: one study, arm, assay, strain and time zero.
-- Caveat: subjects without baseline or peak are counted and are in no rate; arms differ in how many.
-- Censored: half of a lower limit (policy half), as in mart.titre_response.
-- Columns:
--   assay text: Assay
--   study_accession text: Study
--   arm_accession text: Arm
--   arm text: Name of the arm
--   strain text: Strain tested
--   t0_event text: Event that is time zero
--   subjects bigint: Subjects with any titre
--   without_baseline bigint: Subjects without a titre at day 0 or before
--   without_peak bigint: Subjects without a titre of day 21 to 42
--   evaluable bigint: Subjects with both
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
    strain,
    t0_event,
    count(*) as subjects,
    count(*) filter (where baseline_titre is null) as without_baseline,
    count(*) filter (where peak_titre is null) as without_peak,
    count(fold_rise) as evaluable,
    round(exp(avg(ln(baseline_titre))), 2) as baseline_gmt,
    round(exp(avg(ln(peak_titre))), 2) as peak_gmt,
    round(power(2.0, avg(log2_fold_rise)), 3) as fold_rise,
    count(*) filter (where is_seroconverted) as seroconverted,
    round(100.0 * count(*) filter (where is_seroconverted) / nullif(count(fold_rise), 0), 1)
        as seroconverted_percent
from mart.titre_response
group by assay, study_accession, arm_accession, arm, strain, t0_event;
