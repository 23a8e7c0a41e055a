-- Purpose: Gene expression by PCR: wells averaged, and the difference to a reference gene.
-- Grain: one gene of one sample in one unit.
-- Caveat: delta Ct is made of threshold cycles alone, and of a reference gene that the study measured: Actb,
--   Gapdh, B2m, Hprt1, 18S, in this order, one for the whole study. A lower Ct is more transcript.
-- Censored: left out of the mean (policy null); how many wells these are is told.
-- Columns:
--   study_accession text: Study
--   arm_accession text: Arm
--   arm text: Name of the arm
--   subject_accession text: Subject; pools are told by is_pool
--   is_pool boolean: The subject stands for pooled individuals
--   study_day numeric: Time of collection; null when its unit has no length (unit: days)
--   biosample_accession text: Sample
--   biosample_type text: Type of the sample
--   gene text: Gene: symbol in ImmPort's words, else as reported
--   unit text: Unit: in ImmPort's words, else as reported
--   wells bigint: Wells with a number
--   left_out bigint: Wells without a certain number
--   mean_value numeric: Mean of the wells (unit: unit)
--   sd numeric: Standard deviation of the wells; null for one (unit: unit)
--   cv_percent numeric: Standard deviation divided by the mean (unit: percent)
--   reference_gene text: Gene that delta Ct refers to; null where the study has none
--   delta_ct numeric: Mean less that of the reference gene in the same sample (unit: cycles)
--   relative_expression numeric: Two to the power of minus delta Ct: relative to the reference gene
create or replace view mart.gene_expression
with (security_invoker = true) as
with wells as (
    select
        r.*,
        r.unit ~* '\mct\M|threshold cycle' as is_ct,
        array_position(
            array['ACTB', 'GAPDH', 'B2M', 'HPRT1', 'HPRT', '18S', 'RN18S', 'RN18S1'], upper(r.measurand)
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
        biosample_accession,
        biosample_type,
        measurand as gene,
        unit,
        is_ct,
        min(reference_rank) as reference_rank,
        count(value_certain) as wells,
        count(*) filter (where value_certain is null) as left_out,
        avg(value_certain) as mean_value,
        stddev_samp(value_certain) as sd
    from wells
    group by
        study_accession,
        arm_accession,
        arm,
        subject_accession,
        is_pool,
        study_day,
        biosample_accession,
        biosample_type,
        measurand,
        unit,
        is_ct
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
        g.study_accession,
        g.arm_accession,
        g.biosample_accession,
        min(g.gene) as gene,
        avg(g.mean_value) as mean_value
    from genes as g
    inner join study_reference as s
        on g.study_accession = s.study_accession and g.reference_rank = s.reference_rank
    where g.is_ct
    group by g.study_accession, g.arm_accession, g.biosample_accession
)

select
    g.study_accession,
    g.arm_accession,
    g.arm,
    g.subject_accession,
    g.is_pool,
    g.study_day,
    g.biosample_accession,
    g.biosample_type,
    g.gene,
    g.unit,
    g.wells,
    g.left_out,
    round(g.mean_value, 4) as mean_value,
    round(g.sd, 4) as sd,
    round(100 * g.sd / nullif(g.mean_value, 0), 4) as cv_percent,
    r.gene as reference_gene,
    round(g.mean_value - r.mean_value, 4) as delta_ct,
    round(power(2.0, r.mean_value - g.mean_value), 8) as relative_expression
from genes as g
left join reference as r
    on
        g.study_accession = r.study_accession
        and g.arm_accession is not distinct from r.arm_accession
        and g.biosample_accession = r.biosample_accession
        and g.is_ct;
