-- Purpose: Values of subjects' samples in every assay, with keys for names: for sums over many studies.
-- Grain: one result of one assay, (assay, result_id) within a study; controls and standards are left out.
-- Caveat: a replicate is a row of its own; a value below a limit is that limit: look at value_operator.
--   Names are joined by key from the dimensions of the star; mart.sample_result has them.
-- Censored: value_number is the limit itself (policy bound), value_half half of a lower limit (policy half),
--   value_certain null (policy null); value_default is by the default policy, which the column policy names.
-- Apart: nothing is summarised, each row is one result.
-- Leaves out: results of controls and standards.
-- Reads: sample_result
-- Columns:
--   assay text: Assay
--   study_key bigint: Study
--   participation_key bigint: The subject in its arm
--   subject_key bigint: Subject
--   arm_key bigint: Arm
--   biosample_key bigint: Sample
--   expsample_key bigint: Experiment sample
--   study_accession text: Study
--   treatment text: Treatments of the sample, by ImmPort's accessions: stimulation among them
--   result_id bigint: ImmPort's number of the result, unique within its assay
--   measurand_type text: What kind of thing was measured
--   measurand text: What was measured: in ImmPort's words, else as reported
--   value_reported text: Value as reported, never altered
--   value_number numeric: The value as a number; null when it is none, or a sentinel such as -999
--   value_half numeric: The same, with half of the limit where the value is below one
--   value_certain numeric: The same, null where the value is below or above a limit
--   value_default numeric: The same, by the default policy: what the other marts take
--   policy text: The default policy for values below or above a limit
--   value_operator text: Comparison the reported text states: the number is then a limit
--   value_quality text: ok, censored_low, censored_high, censored_no_limit, out_of_range_sentinel,
--     non_numeric, coded or missing
--   is_limit_known boolean: Every field that may state a limit was provided; false of an ELISA result that
--     the API alone provided: its value may be a limit that nothing marks
--   is_titre boolean: It is a titre above 0, by its unit and by what was measured; null for other assays
--   unit text: Standard unit of the value; where that is not known, in ImmPort's words, else as reported
create or replace view mart.result_value
with (security_invoker = true) as
select
    assay,
    study_key,
    participation_key,
    subject_key,
    arm_key,
    biosample_key,
    expsample_key,
    study_accession,
    treatment,
    result_id,
    measurand_type,
    measurand,
    value_reported,
    value_number,
    value_half,
    value_certain,
    value_default,
    policy,
    value_operator,
    value_quality,
    is_limit_known,
    is_titre,
    unit
from mart.sample_result;
