-- Purpose: Gene expression by PCR: wells averaged, and the difference to a reference gene.
-- Grain: one gene of one sample, in one technique, stimulation and unit.
-- Caveat: delta Ct is made of threshold cycles alone, and of a reference gene that the study measured: Actb,
--   Gapdh, B2m, Hprt1, 18S, in this order, one for the whole study. The reference is that of the same sample,
--   technique and treatment, and of the same description or, where descriptions name genes, the only one.
--   A lower Ct is more transcript.
-- Censored: left out of the mean (policy null, as the column policy says); left_out counts such wells.
-- Apart:
--   sample type: biosample_type, biosample_subtype
--   technique: measurement_technique
--   unit: unit
--   stimulation: treatment, expsample_description
--   time zero: t0_event, t0_event_specify
--   statistic: unit
--   species: species
-- Leaves out: controls and standards.
-- Reads: sample_result
-- Assays: PCR
-- Columns:
--   study_accession text: Study
--   arm_accession text: Arm
--   arm text: Name of the arm
--   subject_accession text: Subject; is_pool marks pools
--   is_pool boolean: The subject stands for pooled individuals
--   study_day numeric: Time of collection; null when its unit has no length (unit: days)
--   study_time text: Time of collection where study_day is null: 3 d.p.c.
--   t0_event text: Event that is time zero
--   t0_event_specify text: That event in the submitter's words
--   biosample_accession text: Sample
--   species text: Species
--   biosample_type text: Type of the sample
--   biosample_subtype text: Type of the sample in the submitter's words
--   measurement_technique text: Technique of the measurement
--   treatment text: Treatments of the sample, by ImmPort's accessions: stimulation among them
--   expsample_description text: Description, where a stimulation may stand; known from packages only
--   gene text: Gene: symbol in ImmPort's words, else as reported
--   unit text: Unit: in ImmPort's words, else as reported
--   wells bigint: Wells with a number
--   left_out bigint: Wells without a certain number
--   policy text: Policy for values below or above a limit
--   mean_value numeric: Mean of the wells (unit: unit)
--   sd numeric: Standard deviation of the wells; null for one (unit: unit)
--   cv_percent numeric: Standard deviation divided by the mean (unit: percent)
--   reference_gene text: Gene that delta Ct refers to; null where the study has none
--   delta_ct numeric: Mean less that of the reference gene in the same sample (unit: cycles)
--   relative_expression numeric: Two to the power of minus delta Ct: relative to the reference gene; null
--     beyond a thousand cycles
create or replace view mart.gene_expression
with (security_invoker = true) as
with wells as (
    select
        r.*,
        (r.unit collate "C") ~* '\mct\M|threshold cycle'  -- noqa: RF03
        and (r.unit collate "C") !~* 'delta|difference' as is_ct,  -- noqa: RF03
        array_position(
            array['ACTB', 'GAPDH', 'B2M', 'HPRT1', 'HPRT', '18S', 'RN18S', 'RN18S1'],
            upper(r.measurand collate "C")  -- noqa: RF03
        ) as reference_rank
    from mart.sample_result as r
    where r.assay = 'PCR'
),

genes as (
    select
        study_accession,
        arm_accession,
        arm,
        subject_accession,
        is_pool,
        study_day,
        study_time,
        t0_event,
        t0_event_specify,
        biosample_accession,
        species,
        biosample_type,
        biosample_subtype,
        measurement_technique,
        treatment,
        expsample_description,
        measurand as gene,
        unit,
        is_ct,
        -- What must be the same for a gene and its reference, nulls included.
        row(
            study_accession, arm_accession, biosample_accession, study_day, study_time, t0_event,
            t0_event_specify, measurement_technique, treatment
        )::text as reaction,
        min(reference_rank) as reference_rank,
        count(value_certain) as wells,
        count(*) filter (where value_certain is null) as left_out,
        avg(value_certain) as mean_value,
        stddev_samp(value_certain) as sd
    from wells
    group by
        study_accession, arm_accession, arm, subject_accession, is_pool, study_day, study_time, t0_event,
        t0_event_specify, biosample_accession, species, biosample_type, biosample_subtype,
        measurement_technique, treatment, expsample_description, measurand, unit, is_ct
),

-- By windows within a study, not by joins: a query of one study is then computed of that study alone.
ranked as (
    select
        *,
        min(reference_rank) filter (where is_ct and mean_value is not null)
            over (partition by study_accession)
            as study_rank
    from genes
),

marked as (
    select
        *,
        coalesce(is_ct and reference_rank = study_rank, false) as is_reference,
        -- No description and an empty one are two.
        coalesce('=' || expsample_description, '') as described
    from ranked
),

referred as (
    select
        *,
        min(gene collate "C") filter (where is_reference) over alike as alike_gene,  -- noqa: RF02
        avg(mean_value) filter (where is_reference) over alike as alike_mean,
        min(gene collate "C") filter (where is_reference) over same_reaction as only_gene,  -- noqa: RF02
        avg(mean_value) filter (where is_reference) over same_reaction as only_mean,
        min(described collate "C") filter (where is_reference) over same_reaction  -- noqa: RF02
        = max(described collate "C") filter (where is_reference) over same_reaction as is_only  -- noqa: RF02
    from marked
    window
        alike as (partition by study_accession, reaction, unit, coalesce(expsample_description, '')),
        same_reaction as (partition by study_accession, reaction, unit)
),

compared as (
    select
        *,
        case when is_ct then coalesce(alike_gene, case when is_only then only_gene end) end as reference_gene,
        case when is_ct then mean_value - coalesce(alike_mean, case when is_only then only_mean end) end
            as delta_ct
    from referred
)

select
    study_accession,
    arm_accession,
    arm,
    subject_accession,
    is_pool,
    study_day,
    study_time,
    t0_event,
    t0_event_specify,
    biosample_accession,
    species,
    biosample_type,
    biosample_subtype,
    measurement_technique,
    treatment,
    expsample_description,
    gene,
    unit,
    wells,
    left_out,
    'null' as policy,
    round(mean_value, 4) as mean_value,
    round(sd, 4) as sd,
    round(100 * sd / nullif(mean_value, 0), 4) as cv_percent,
    reference_gene,
    round(delta_ct, 4) as delta_ct,
    case when abs(delta_ct) <= 1000 then round(power(2.0, -delta_ct), 8) end as relative_expression
from compared;
