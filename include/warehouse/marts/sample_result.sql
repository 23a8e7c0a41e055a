-- Purpose: Results of subjects' samples in every assay, named and classed: what the other marts are made of.
-- Grain: one result of one assay, (assay, result_id) within a study; controls and standards are left out.
-- Caveat: a replicate is a row of its own; a value below a limit is that limit: look at value_operator.
-- Censored: value_number is the limit itself (policy bound), value_half half of a lower limit (policy half),
--   value_certain null (policy null); value_default is by the default policy, which the column policy names.
-- Apart: nothing is summarised, each row is one result.
-- Leaves out: results of controls and standards.
-- Columns:
--   assay text: Assay
--   study_key bigint: Study
--   participation_key bigint: The subject in its arm
--   subject_key bigint: Subject
--   arm_key bigint: Arm
--   biosample_key bigint: Sample
--   expsample_key bigint: Experiment sample
--   study_accession text: Study
--   subject_accession text: Subject
--   is_pool boolean: The subject stands for pooled individuals
--   arm_accession text: Arm
--   arm text: Name of the arm
--   age_years numeric: Age in this study, or its lower bound (unit: years)
--   sex text: Sex as ImmPort names it
--   race text: Race
--   species text: Species
--   visit text: Name of the planned visit
--   study_day numeric: Time of collection; null when its unit has no length (unit: days)
--   window_label text: Window that the study day falls into
--   t0_event text: Event that is time zero
--   t0_event_specify text: That event in the submitter's words
--   study_time text: Time of collection where study_day is null: 3 d.p.c.
--   biosample_accession text: Sample
--   biosample_type text: Type of the sample
--   biosample_subtype text: Type of the sample in the submitter's words
--   measurement_technique text: Technique of the measurement
--   treatment text: Treatments of the sample, by ImmPort's accessions: stimulation among them
--   expsample_accession text: Experiment sample
--   expsample_description text: Description, of ELISPOT with the stimulation; known from packages only
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
--   value_text text: The result of a typing assay: its alleles
--   is_titre boolean: It is a titre above 0, by its unit and by what was measured; null for other assays
--   unit text: Standard unit of the value; where that is not known, in ImmPort's words, else as reported
create or replace view mart.sample_result
with (security_invoker = true) as
select
    c.assay,
    c.study_key,
    c.participation_key,
    c.subject_key,
    c.arm_key,
    c.biosample_key,
    c.expsample_key,
    c.study_accession,
    u.subject_accession,
    u.is_pool,
    c.arm_accession,
    c.arm,
    p.min_age_years as age_years,
    u.gender as sex,
    u.race,
    e.species,
    c.visit,
    c.study_day,
    c.window_label,
    c.study_time_t0_event as t0_event,
    c.study_time_t0_event_specify as t0_event_specify,
    case when c.study_day is null then concat_ws(' ', c.study_time_collected, c.study_time_collected_unit) end
        as study_time,
    b.biosample_accession,
    b.type as biosample_type,
    b.subtype as biosample_subtype,
    q.measurement_technique,
    c.treatment_accession as treatment,
    x.expsample_accession,
    x.description as expsample_description,
    c.result_id,
    c.measurand_type,
    c.measurand,
    c.value_reported,
    case
        when c.value_operator is null then c.value_bound else
            star.censored(c.value_bound, c.value_operator, 'bound')
    end as value_number,
    case
        when c.value_operator is null then c.value_bound else
            star.censored(c.value_bound, c.value_operator, 'half')
    end as value_half,
    case
        when c.value_operator is null then c.value_bound else
            star.censored(c.value_bound, c.value_operator, 'null')
    end as value_certain,
    case
        when c.value_operator is null then c.value_bound else
            star.censored(c.value_bound, c.value_operator, star.default_policy())
    end as value_default,
    star.default_policy() as policy,
    c.value_operator,
    c.value_quality,
    c.is_limit_known,
    c.value_text,
    case when c.assay in ('HAI', 'Neutralising antibody') then c.log2_titer is not null end as is_titre,
    c.unit
from (
    -- of each assay
    select
        r.assay,
        r.study_key,
        r.participation_key,
        r.subject_key,
        r.arm_key,
        r.biosample_key,
        r.expsample_key,
        r.technique_key,
        s.study_accession,
        a.arm_accession,
        a.name as arm,
        v.name as visit,
        t.study_day,
        t.window_label,
        t.study_time_t0_event,
        t.study_time_t0_event_specify,
        t.study_time_collected,
        t.study_time_collected_unit,
        r.treatment_accession,
        r.result_id,
        r.measurand_type,
        coalesce(r.measurand_preferred, r.measurand_reported) as measurand,
        r.value_reported,
        -- A value whose unit is not known has no standard: it keeps the unit it came with.
        coalesce(
            r.value_standard,
            case
                when r.unit_standard is null and r.value_quality in ('ok', 'censored_low', 'censored_high')
                    then r.value_number
            end
        ) as value_bound,
        r.value_operator,
        r.value_quality,
        r.is_limit_known,
        r.value_text,
        r.log2_titer,
        coalesce(r.unit_standard, r.unit_preferred, r.unit_reported) as unit
    from star.fact_assay_result as r
    left join star.dim_study as s on r.study_key = s.study_key
    left join star.dim_study_time as t on r.study_time_key = t.study_time_key
    left join star.dim_arm as a on r.arm_key = a.arm_key
    left join star.dim_planned_visit as v on r.planned_visit_key = v.planned_visit_key
    where r.subject_key >= 0
    -- of all assays
) as c
left join star.dim_subject as u on c.subject_key = u.subject_key
left join star.dim_species as e on u.species_key = e.species_key
left join star.dim_technique as q on c.technique_key = q.technique_key
left join star.dim_participation as p on c.participation_key = p.participation_key
left join star.dim_biosample as b on c.biosample_key = b.biosample_key
left join star.dim_expsample as x on c.expsample_key = x.expsample_key;
