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

study_reference as (
    select
        study_accession,
        min(reference_rank) as reference_rank
    from genes
    where is_ct and mean_value is not null
    group by study_accession
),

reference as (
    select
        g.reaction,
        g.unit,
        g.expsample_description,
        min(g.gene collate "C") as gene,  -- noqa: RF02
        avg(g.mean_value) as mean_value,
        count(*) over (partition by g.reaction, g.unit) = 1 as is_only
    from genes as g
    inner join study_reference as s
        on g.study_accession = s.study_accession and g.reference_rank = s.reference_rank
    where g.is_ct
    group by g.reaction, g.unit, g.expsample_description
),

compared as (
    select
        g.*,
        coalesce(d.gene, o.gene) as reference_gene,
        g.mean_value - coalesce(d.mean_value, o.mean_value) as delta_ct
    from genes as g
    left join reference as d
        on
            g.is_ct and g.reaction = d.reaction and g.unit = d.unit
            and coalesce(g.expsample_description, '') = coalesce(d.expsample_description, '')
    left join reference as o on g.is_ct and g.reaction = o.reaction and g.unit = o.unit and o.is_only
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
