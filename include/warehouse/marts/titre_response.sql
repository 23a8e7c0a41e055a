-- Purpose: Response of each subject by titre: fold rise and seroconversion, hemagglutination inhibition and
--   neutralisation alike.
-- Grain: one subject in one arm, one strain, one assay, technique and kind of sample, one time zero.
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
--   statistic: assay
--   species: species
-- Leaves out: pools; results that are not titres by their unit, such as virus loads and concentrations;
--   titres of 0 and less.
-- Reads: sample_result
-- Assays: HAI, Neutralising antibody
-- Columns:
--   assay text: Assay
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
create or replace view mart.titre_response
with (security_invoker = true) as
with levels as (
    -- By keys: they are shorter than names, which are joined below. An arm that is not known has no name, as
    -- one that does not apply.
    select
        assay,
        study_accession,
        greatest(arm_key, 0) as arm_key,
        subject_key,
        age_years,
        measurand as strain,
        biosample_type,
        biosample_subtype,
        measurement_technique,
        t0_event,
        t0_event_specify,
        policy,
        count(*) as titres,
        count(*) filter (where value_quality <> 'ok') as censored,
        avg(ln(value_default)) filter (where window_label = 'baseline') as baseline,
        avg(ln(value_default)) filter (where window_label = 'day 21-42') as peak
    from mart.sample_result
    where assay in ('HAI', 'Neutralising antibody') and is_titre and value_default > 0
    group by
        subject_key, greatest(arm_key, 0), measurand, assay, study_accession, age_years, biosample_type,
        biosample_subtype, measurement_technique, t0_event, t0_event_specify, policy
),

-- What a name says is read once per name, not once per subject.
strain_name as (
    select
        s.strain,
        star.influenza_subtype(s.strain) as influenza_subtype,
        star.influenza_type(s.strain) is not null as is_influenza
    from (
        select distinct coalesce(virus_strain_preferred, virus_strain_reported) as strain
        from star.dim_virus_strain
    ) as s
)

select
    l.assay,
    l.study_accession,
    a.arm_accession,
    a.name as arm,
    u.subject_accession,
    l.age_years,
    u.gender as sex,
    e.species,
    l.strain,
    case when n.strain is null then star.influenza_subtype(l.strain) else n.influenza_subtype end
        as influenza_subtype,
    l.biosample_type,
    l.biosample_subtype,
    l.measurement_technique,
    l.t0_event,
    l.t0_event_specify,
    l.titres,
    l.censored,
    l.policy,
    round(exp(l.baseline), 4) as baseline_titre,
    round(exp(l.peak), 4) as peak_titre,
    round((l.peak - l.baseline) / ln(2.0), 6) as log2_fold_rise,
    round(exp(l.peak - l.baseline), 4) as fold_rise,
    -- Rounded first: what a logarithm made of 40 is not quite 40.
    case
        when
            coalesce(n.is_influenza, star.influenza_type(l.strain) is not null)
            and l.baseline is not null
            and l.peak is not null
            then round(exp(l.peak - l.baseline), 4) >= 4 and round(exp(l.peak), 4) >= 40
    end as is_seroconverted
from levels as l
left join star.dim_arm as a on l.arm_key = a.arm_key
left join star.dim_subject as u on l.subject_key = u.subject_key
left join star.dim_species as e on u.species_key = e.species_key
left join strain_name as n on l.strain = n.strain
where u.is_pool is not true;
