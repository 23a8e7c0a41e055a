-- of each assay
-- A lowest value is suspected to stand for a limit when a fifth of the rows, and five at least, have it.
-- In assays that count, 0 is a finding, however often it is there.
with measured as (
    select
        r.assay,
        r.study_key,
        r.measurand_type,
        coalesce(r.measurand_preferred, r.measurand_reported) as measurand,
        coalesce(r.unit_preferred, r.unit_reported) as unit,
        r.value_number,
        r.value_quality = 'ok' as is_plain
    from star.fact_assay_result as r
    where
        r.value_quality in ('ok', 'censored_low', 'censored_high') and r.value_number is not null
        and r.subject_key <> -1
),

counted as (
    select
        m.assay,
        m.study_key,
        m.measurand_type,
        m.measurand,
        m.unit,
        m.value_number,
        count(*) filter (where m.is_plain) as limit_rows,
        sum(count(*)) over w as rows,
        min(m.value_number) over w as lowest
    from measured as m
    group by m.assay, m.study_key, m.measurand_type, m.measurand, m.unit, m.value_number
    window w as (partition by m.assay, m.study_key, m.measurand_type, m.measurand, m.unit)
)

select
    c.assay,
    c.study_key,
    c.measurand_type,
    c.measurand,
    c.unit,
    c.value_number,
    c.limit_rows,
    c.rows::bigint as rows,
    round(c.limit_rows / c.rows, 3) as share
from counted as c
where
    c.value_number = c.lowest and c.limit_rows >= 5 and c.limit_rows >= 0.2 * c.rows
    and not (c.value_number = 0 and c.assay in ('ELISPOT', 'Flow cytometry'));
