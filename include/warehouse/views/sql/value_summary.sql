-- of each assay
with valued as (
    select
        r.study_key,
        r.assay,
        r.unit_reported,
        r.value_number,
        case
            when r.value_operator is null then r.value_number else
                star.censored(r.value_number, r.value_operator, star.default_policy())
        end as value_default
    from star.fact_assay_result as r
)

select
    s.study_accession,
    v.assay,
    v.unit_reported,
    count(*) as results,
    count(v.value_number) as numbers,
    round(avg(v.value_default), 4) as mean,
    round(exp(avg(ln(v.value_default)) filter (where v.value_default > 0)), 4) as geometric_mean
from valued as v
inner join star.dim_study as s on v.study_key = s.study_key
group by s.study_accession, v.assay, v.unit_reported
